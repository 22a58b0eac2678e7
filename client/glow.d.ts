/**
 * The client of glow: the live prices of one token, each trade exactly once, whatever becomes of the connection.
 *
 *     const subscription = subscribe("SOL", { api: "https://…", onPrice: (update, { isLate }) => { … } });
 *     subscription.close();
 *
 * One module without dependencies, for browsers, React Native and Node. First the pure core (Memory, Sequence, Backoff),
 * then one socket (Connection), then what decides about sockets (Subscription).
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
     * text order is the order of time
     */
    id: string;
};
export type State = {
    state: "connecting" | "live" | "moving" | "waiting" | "polling" | "closed";
    /**
     * the one that serves or is being opened: "aws", "edge"
     */
    path: string | null;
    /**
     * what led here, for people
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
     * where the client is, as an AWS region; it may decide the path
     */
    region?: string;
    /**
     * "latest": only the newest price, skipping what the client is too slow for
     */
    delivery?: "all" | "latest";
    /**
     * isLate: a newer trade was handed over before, so
     * this is not the price now
     */
    onPrice: (update: Update, info: {
        isLate: boolean;
    }) => void;
    onState?: (state: State) => void;
    /**
     * where there is no global one (Node before 22): that of `ws`
     */
    WebSocket?: new (url: string) => Socket;
};
export type Route = {
    path: string;
    url: string;
    protocol: Protocol;
    /**
     * not null: this path is a makeshift; ask again after about so long
     */
    recheckMs?: number | null;
};
export type Protocol = {
    /**
     * what to send first; null: the URL says it
     */
    subscribe: object | null;
    ping: object;
    pingMs: number;
    /**
     * when the server ends the connection
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
 * Receives the prices of `token` until `close()`. A wrong token or option ends it with the state `closed`.
 * @param {string} token
 * @param {Options} options
 */
export declare function subscribe(token: string, options: Options): Subscription;
/** The ids received: what is a repeat, and after which id a connection goes on. */
export declare class Memory {
    #private;
    /**
     * Whether `id` is new; remembers it.
     * @param {string} id
     * @param {number} nowMs
     */
    admit(id: string, nowMs: number): boolean;
    /**
     * Forgets what arrived long before the id that `cursor` may answer: a gap behind that one is read again from earlier.
     * @param {number} nowMs
     */
    forgetOld(nowMs: number): void;
    /**
     * @param {string} path
     * @param {string} id that it delivered
     */
    advance(path: string, id: string): void;
    /**
     * From now on only `path` serves, so what the others delivered last is no cursor there any more.
     * @param {string | null} path null: none does
     */
    stayOn(path: string | null): void;
    /**
     * The id after which `path` has to go on; null: nothing was received yet.
     * @param {string} path
     */
    cursor(path: string): string | null;
}
export type Handout = {
    update: Update;
    isLate: boolean;
};
/**
 * An update whose turn it is.
 * @typedef {{update: Update, isLate: boolean}} Handout
 */
/** Puts updates in order: while a gap is filled, what arrives live is held back. */
export declare class Sequence {
    #private;
    /** The highest id handed out. @type {string | null} */
    newestId: string | null;
    /** @param {boolean} risesOnly drop what is not newer than all before it (delivery "latest") */
    constructor(risesOnly: boolean);
    hold(): void;
    /** Ends the holding. */
    release(): Handout[];
    /** @param {Update} update that arrived live */
    add(update: Update): Handout[];
    /** @param {readonly Update[]} updates the next page of what fills a gap, ascending */
    fill(updates: readonly Update[]): Handout[];
}
/** Waits between tries: doubling, with full jitter, so that those who failed together do not come back together. */
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
/** A running subscription; `subscribe` makes it. */
export declare class Subscription {
    #private;
    /** @param {string} token @param {Options} options */
    constructor(token: string, options: Options);
    /** Ends it. No callback is called after this. */
    close(): void;
}
