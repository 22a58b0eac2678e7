/**
 * React: the live price of a token in a component. Needs React 18 or newer.
 *
 *     const feed = connect({ api: "https://…" }); // once, outside of components
 *
 *     function Price({ token }) {
 *       const { price, state } = usePrice(feed, token);
 *       return <td className={state.state}>{price ?? "–"}</td>;
 *     }
 */

import type { Feed, State, Update } from "./glow.js";

/**
 * The newest price of `token`, live. All components that show a token share one subscription of `feed`; it ends with the last of
 * them. While `feed` or `token` is null or undefined, and on a server, nothing is subscribed to and nothing known.
 */
export declare function usePrice(feed: Feed | null | undefined, token: string | null | undefined): LivePrice;

/** What is known of a token. The object stays the same until something in it changes. */
export type LivePrice = {
    /** in SOL; null if none has come yet */
    readonly price: number | null;
    /** the whole update of that price */
    readonly update: Update | null;
    /** of the subscription; `closed` if the feed is closed, or the token is malformed or refused by the stack: `reason` says why */
    readonly state: State;
};
