/**
 * The client of glow: the live prices of one token, each trade exactly once. It reconnects and fills gaps by itself.
 *
 *     const subscription = subscribe("SOL", { api: "https://…", onPrice: (update, { isLate }) => { … } });
 *     subscription.close();
 *
 * One module without dependencies, for browsers, React Native and Node.
 */

/** Receives the prices of `token` until `close()`. If the stack refuses the token or an option, the state becomes `closed`. */
export declare function subscribe(token: string, options: Options): Subscription;

/** A running subscription. Made by `subscribe`. */
export declare class Subscription {
    /** Throws a TypeError that names what is wrong with an option. */
    constructor(token: string, options: Options);
    /**
     * Looks at once whether the connection lives. Browsers do it by themselves when the device is online again or the tab is
     * shown; in React Native, call it when AppState becomes "active".
     */
    wake(): void;
    /** Ends the subscription. The state becomes `closed`; no callback is called after that. */
    close(): void;
}

export type Options = {
    /** the stack's output RestApiUrl */
    api: string;
    /** the client's AWS region; the stack may choose the path by it */
    region?: string;
    /** "latest": only the newest price; a slow client skips prices */
    delivery?: "all" | "latest";
    /** isLate: a newer trade came before this one, so this is not the current price */
    onPrice: (update: Update, info: {
        isLate: boolean;
    }) => void;
    /** without it, a failure that lasts is said on the console */
    onState?: (state: State) => void;
    /** how many missed prices are read at most for one gap (10,000); then `onState` says so, and the newest price comes */
    maxFill?: number;
    /** the one of the package `ws`, if there is no global one (Node before 22) */
    WebSocket?: new (url: string) => Socket;
};

/** One price of one token, as the server sends it. */
export type Update = {
    type: "PRICE_UPDATE";
    token: string;
    /** in SOL */
    price: number;
    /** Unix seconds */
    timestamp: number;
    slot: number;
    txSignature: string;
    /** what the trader did with the token; absent where that is not known, as are the amounts */
    side?: "buy" | "sell";
    /** tokens that were traded */
    amount?: number;
    /** SOL that were paid for them */
    amountSol?: number;
    /** in US dollars, as it was when the price came in; absent where that was not known */
    priceUsd?: number;
    /**
     * absent: a trade; "jupiter": a quote of a token that was not traded for a while, whose txSignature names no transaction;
     * "backfill": a trade that was read from the chain later
     */
    source?: "amm" | "jupiter" | "backfill";
    /** what the trade was paid in, if not in SOL: price and amountSol are what that was worth in SOL */
    via?: "usdc" | "usdt";
    /** ids sorted as text are sorted by time */
    id: string;
};

/**
 * The state of the subscription.
 * `live`: a socket delivers prices.
 * `moving`: a socket delivers, and a socket on another path is being opened.
 * `connecting`: a socket is being opened, and no other delivers.
 * `waiting`: no socket delivers; the next try comes after a wait.
 * `polling`: no socket can be opened; prices are read by REST every few seconds.
 * `closed`: ended for good; `reason` says why.
 */
export type State = {
    state: "connecting" | "live" | "moving" | "waiting" | "polling" | "closed";
    /** "aws" or "edge": the path that delivers or is being opened */
    path: string | null;
    /** why the state changed, for people */
    reason: string | null;
};

/** The part of a WebSocket that is used here. The global WebSocket has it, and so has the one of the package `ws`. */
export type Socket = {
    onopen: ((event: any) => void) | null;
    onmessage: ((event: any) => void) | null;
    onclose: ((event: any) => void) | null;
    onerror: ((event: any) => void) | null;
    send: (text: string) => void;
    close: (code: number) => void;
};

/** Where to connect: the answer of GET /connect. */
export type Route = {
    path: string;
    url: string;
    protocol: Protocol;
    /** set if this path is only a substitute: ask again after about this time */
    recheckMs?: number | null;
};

export type Protocol = {
    /** the first message to send; null if the URL says everything */
    subscribe: object | null;
    ping: object;
    pingMs: number;
    /** the age at which the client must have renewed the connection; null: no limit */
    maxAgeMs: number | null;
};

/** Any message of the server. `type` decides which fields it has; the updates of a batch name their tokens themselves. */
export type Message = {
    type: string;
    token?: string;
    tokens?: string[];
    updates?: Update[];
    after?: string | null;
    until?: string | null;
    code?: string;
    message?: string;
};
