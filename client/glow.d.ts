/**
 * The client of glow: live prices, each trade exactly once. It reconnects, follows moves and fills gaps by itself.
 *
 *     const feed = connect({ api: "https://…" });                                      // many tokens, one socket
 *     feed.subscribe("SOL", { onPrice: (update, { isLate }) => { … } });
 *     for await (const { update } of feed.prices("BONK")) { … }
 *     feed.close();
 *
 *     const subscription = subscribe("SOL", { api: "https://…", onPrice: (update) => { … } }); // one token, a socket of its own
 *     subscription.close();
 *
 * One module without dependencies, for browsers, React Native and Node.
 */

/** A feed of many tokens. It opens nothing before the first token. Throws a TypeError that names what is wrong with an option. */
export declare function connect(options: FeedOptions): Feed;

/** Many tokens over one socket per path, however many there are (per 100 tokens). Made by `connect`. */
export declare class Feed {
    constructor(options: FeedOptions);
    /** That of all tokens together. The object stays the same until it changes. */
    get state(): FeedState;
    /**
     * Receives the prices of `token` until `close()` of what it returns. If the feed has the token already, they share it: the new one
     * begins with the newest price. Throws a TypeError that names what is wrong.
     */
    subscribe(token: string, options: FollowOptions): FeedSubscription;
    /**
     * The prices of `token`, from when the loop begins to when it ends. At most 1,000 wait for a slow loop; then the oldest are
     * left out, and `skipped` of the next one says how many. With delivery "latest" only the newest waits. The loop ends with the
     * feed, and throws a Refusal if the stack refuses the token.
     */
    prices(token: string, options?: WishOptions): AsyncIterable<Price>;
    /**
     * The chart of `token`: its history, then each trade as it comes, until `close()` of what it returns. Throws a TypeError that names
     * what is wrong.
     */
    candles(token: string, options: ChartOptions): CandleSubscription;
    /** The newest price of a token that is subscribed to; null if none has come yet. The object stays the same until a newer one comes. */
    newest(token: string): Update | null;
    /** As `wake` of a subscription. */
    wake(): void;
    /** Ends the feed, and all its subscriptions with it. */
    close(): void;
}

/** A token of a feed, followed until `close()`. Made by `Feed.subscribe`. */
export type FeedSubscription = {
    readonly token: string;
    readonly state: State;
    /** null if none has come yet */
    readonly newest: Update | null;
    /** Ends this subscription. Its state becomes `closed`; none of its callbacks is called after that. */
    close(): void;
};

/** A chart of a feed, kept until `close()`. Made by `Feed.candles`. */
export type CandleSubscription = {
    readonly token: string;
    readonly state: State;
    /** Ends this chart. Its state becomes `closed`; none of its callbacks is called after that. */
    close(): void;
};

export type ChartOptions = {
    interval: "1m" | "5m" | "15m" | "1h" | "4h" | "1d";
    /** of the prices ("sol"); the volumes are the same in both */
    currency?: "sol" | "usd";
    /** how many candles of history are read: 1 to 1,000 (500) */
    limit?: number;
    onCandle: OnCandle;
    onState?: (state: State) => void;
    /** called once, before `closed`, if the stack refuses the token or the chart for good */
    onError?: (error: Refusal) => void;
};

/**
 * A candle that is new or has changed: all of it, so draw it over what is there at its time. History comes first, oldest first;
 * `isHistory` says so.
 */
export type OnCandle = (candle: Candle, info: {
    isHistory: boolean;
}) => void;

/** What the trades of an interval did. Intervals without a trade have none; quotes are in none. */
export type Candle = {
    /** its start, in Unix seconds */
    time: number;
    /** in the chart's currency, as are the other prices; absent in dollars where a trade has no price in dollars */
    open?: number;
    high?: number;
    low?: number;
    close?: number;
    /** tokens, of the trades whose amount is known; absent if none is */
    volume?: number;
    /** SOL that were paid for them */
    volumeSol?: number;
    /** how many */
    trades: number;
    /** It grows by the trades that come. When it is over, the stack's own numbers take its place. */
    running: boolean;
};

export type FeedOptions = StackOptions & {
    onState?: (state: FeedState) => void;
};

export type FollowOptions = WishOptions & {
    onPrice: OnPrice;
    onState?: (state: State) => void;
    /** called once, before `closed`, if the stack refuses the token for good; the other tokens go on */
    onError?: (error: Refusal) => void;
};

/**
 * Of all tokens: `live` if each one is, else that of the token which is worst off, from `moving` and `polling` over `connecting` to
 * `waiting`. `idle`: there is no token.
 */
export type FeedState = {
    state: State["state"] | "idle";
    /** the path that all tokens are on; null if they are on several */
    path: string | null;
    reason: string | null;
};

/** A price, as a loop over `Feed.prices` gets it. */
export type Price = {
    update: Update;
    isLate: boolean;
    /** how many prices before this one were left out, because the loop was slow */
    skipped: number;
};

/** Why the stack will not serve: `code` is its own (docs/clients.md), UNSUPPORTED that of a stack too old for feeds, or POLICY. */
export type Refusal = Error & {
    code: string;
};

/** Receives the prices of `token` until `close()`. If the stack refuses the token or an option, the state becomes `closed`. */
export declare function subscribe(token: string, options: Options): Subscription;

/** A running subscription with a socket of its own. Made by `subscribe`. */
export declare class Subscription {
    /** Throws a TypeError that names what is wrong with an option. */
    constructor(token: string, options: Options);
    get token(): string;
    get state(): State;
    /** The newest price; null if none has come yet. */
    get newest(): Update | null;
    /**
     * Looks at once whether the connection lives. Browsers do it by themselves when the device is online again or the tab is
     * shown; in React Native, call it when AppState becomes "active".
     */
    wake(): void;
    /** Ends the subscription. The state becomes `closed`; no callback is called after that. */
    close(): void;
}

export type Options = StackOptions & FollowOptions;

/** Without `onState`, a failure that lasts is said on the console. */
export type StackOptions = {
    /** the stack's output RestApiUrl */
    api: string;
    /** the client's AWS region; the stack may choose the path by it */
    region?: string;
    /** gives the access token of the app's own back end, where listeners need one. It is called again before that one expires. */
    getToken?: () => string | Promise<string>;
    /** the one of the package `ws`, if there is no global one (Node before 22) */
    WebSocket?: new (url: string) => Socket;
};

export type WishOptions = {
    /** "latest": only the newest price; a slow client skips prices */
    delivery?: "all" | "latest";
    /** how many missed prices are read at most for one gap (10,000); then `onState` says so, and the newest price comes */
    maxFill?: number;
};

/** isLate: a newer trade came before this one, so this is not the current price */
export type OnPrice = (update: Update, info: {
    isLate: boolean;
}) => void;

/** One price of one token, as the server sends it. */
export type Update = {
    type: "PRICE_UPDATE";
    token: string;
    /** in SOL */
    price: number;
    /** Unix seconds */
    timestamp: number;
    /** absent, as is the signature, where somebody posted to the edge by hand without it */
    slot?: number;
    txSignature?: string;
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

/** Where to connect: the answer of GET /connect. `url` and `protocol` are for a socket of one token. */
export type Route = {
    path: string;
    url: string;
    protocol: Protocol;
    /** the socket of this path for many tokens; stacks before feeds have none */
    live?: Endpoint;
    /** set if this path is only a substitute: ask again after about this time */
    recheckMs?: number | null;
};

export type Endpoint = {
    url: string;
    protocol: Protocol;
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
    /** Unix seconds */
    expiresAt?: number | null;
};
