/**
 * The client of glow: the live prices of one token, each trade exactly once. It reconnects and fills gaps by itself.
 *
 *     const subscription = subscribe("SOL", { api: "https://…", onPrice: (update, { isLate }) => { … } });
 *     subscription.close();
 *
 * One module without dependencies, for browsers, React Native and Node. It has three parts: the pure core (Memory,
 * Sequence, Backoff), one socket (Connection), and the subscription, which opens and closes sockets (Subscription).
 */
export type Update = {
    type: "PRICE_UPDATE";
    token: string;
    /**
     * in SOL
     */
    price: number;
    /**
     * Unix seconds
     */
    timestamp: number;
    slot: number;
    txSignature: string;
    /**
     * ids sorted as text are sorted by time
     */
    id: string;
};
export type State = {
    state: "connecting" | "live" | "moving" | "waiting" | "polling" | "closed";
    /**
     * "aws" or "edge": the path that delivers or is being opened
     */
    path: string | null;
    /**
     * why the state changed, for people
     */
    reason: string | null;
};
export type Socket = {
    onopen: ((event: any) => void) | null;
    onmessage: ((event: any) => void) | null;
    onclose: ((event: any) => void) | null;
    onerror: ((event: any) => void) | null;
    send: (text: string) => void;
    close: (code: number) => void;
};
export type Options = {
    /**
     * the stack's output RestApiUrl
     */
    api: string;
    /**
     * the client's AWS region; the stack may choose the path by it
     */
    region?: string;
    /**
     * "latest": only the newest price; a slow client skips prices
     */
    delivery?: "all" | "latest";
    /**
     * isLate: a newer trade came before this one, so
     * this is not the current price
     */
    onPrice: (update: Update, info: {
        isLate: boolean;
    }) => void;
    onState?: (state: State) => void;
    /**
     * the one of the package `ws`, if there is no global one (Node before 22)
     */
    WebSocket?: new (url: string) => Socket;
};
export type Route = {
    path: string;
    url: string;
    protocol: Protocol;
    /**
     * set if this path is only a substitute: ask again after about this time
     */
    recheckMs?: number | null;
};
export type Protocol = {
    /**
     * the first message to send; null if the URL says everything
     */
    subscribe: object | null;
    ping: object;
    pingMs: number;
    /**
     * the age at which the client must have renewed the connection; null: no limit
     */
    maxAgeMs: number | null;
};
export type Message = {
    type: string;
    updates?: Update[];
    after?: string;
    until?: string | null;
    code?: string;
    message?: string;
};
/**
 * Receives the prices of `token` until `close()`. If the stack refuses the token or an option, the state becomes `closed`.
 * @param {string} token
 * @param {Options} options
 */
export declare function subscribe(token: string, options: Options): Subscription;
/** Remembers the ids received. It recognises repeats, and knows the id after which a connection must continue. */
export declare class Memory {
    #private;
    /**
     * Remembers `id`. Returns whether it is new.
     * @param {string} id
     * @param {number} nowMs
     */
    admit(id: string, nowMs: number): boolean;
    /**
     * Forgets ids that arrived long before the one that `cursor` may return. Ids shortly before it are kept, because a gap
     * after it is read from earlier and repeats them.
     * @param {number} nowMs
     */
    forgetOld(nowMs: number): void;
    /**
     * @param {string} path
     * @param {string} id that it delivered
     */
    advance(path: string, id: string): void;
    /**
     * Only `path` delivers from now on, so the last ids of the other paths become too old to be their cursors.
     * @param {string | null} path null: none does
     */
    stayOn(path: string | null): void;
    /**
     * The id after which `path` must continue; null if nothing was received yet.
     * @param {string} path
     */
    cursor(path: string): string | null;
}
export type Handout = {
    update: Update;
    isLate: boolean;
};
/**
 * An update that is ready for the app.
 * @typedef {{update: Update, isLate: boolean}} Handout
 */
/** Puts updates in order: live updates wait while a gap before them is being filled. */
export declare class Sequence {
    #private;
    /** The id of the newest price handed out. @type {string | null} */
    newestId: string | null;
    /** @param {boolean} risesOnly drops every update that is not newer than all before it (delivery "latest") */
    constructor(risesOnly: boolean);
    hold(): void;
    /** Stops holding, and returns the held updates. */
    release(): Handout[];
    /** @param {Update} update that arrived live */
    add(update: Update): Handout[];
    /** @param {readonly Update[]} updates the next page of what fills a gap, in trade order */
    fill(updates: readonly Update[]): Handout[];
}
/**
 * The wait between tries: a random part of a time that doubles with each failure. It is random so that clients that failed
 * together do not come back together ("full jitter").
 */
export declare class Backoff {
    #private;
    /** @param {number} random from 0 to 1 @returns {number} milliseconds */
    nextMs(random: number): number;
    reset(): void;
}
/**
 * The smallest id `seconds` before that of `id`.
 * @param {string} id
 * @param {number} seconds
 */
export declare function idBefore(id: string, seconds: number): string;
export type Listener = {
    onServing: () => void;
    onMessage: (message: Message) => void;
    /**
     * not after `close()`
     */
    onEnd: (code: number, reason: string) => void;
};
/** A running subscription. Made by `subscribe`. */
export declare class Subscription {
    #private;
    /** @param {string} token @param {Options} options */
    constructor(token: string, options: Options);
    /** Ends the subscription. No callback is called after this. */
    close(): void;
}
