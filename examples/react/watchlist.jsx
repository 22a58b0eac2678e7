/**
 * A watchlist in React, on one socket. `npm run watchlist` serves it: http://localhost:8000/?api=<RestApiUrl>&tokens=DEMO_TOKEN. In
 * an app of its own it needs glow-client, react and react-dom.
 */

import { connect } from "glow-client";
import { usePrice } from "glow-client/react";
import { createRoot } from "react-dom/client";

const query = new URLSearchParams(location.search);
const feed = connect({ api: query.get("api") });
const tokens = (query.get("tokens") ?? "DEMO_TOKEN").split(",");

function Row({ token }) {
  const { price, state } = usePrice(feed, token);
  return (
    <tr>
      <td>{token}</td>
      <td>{price === null ? "–" : `${price} SOL`}</td>
      <td>{[state.state, state.path, state.reason].filter(Boolean).join(" · ")}</td>
    </tr>
  );
}

createRoot(document.getElementById("root")).render(
  <table>
    <tbody>
      {tokens.map((token) => <Row key={token} token={token} />)}
    </tbody>
  </table>,
);
