import { DurableObject } from "cloudflare:workers";
import { answer } from "./answer.js";
import greeting from "./greeting.txt";

export class Counter extends DurableObject {
  count() {
    this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS counted (at INTEGER)");
    this.ctx.storage.sql.exec("INSERT INTO counted VALUES (1)");
    return this.ctx.storage.sql.exec("SELECT COUNT(*) AS n FROM counted").one().n;
  }
}

export default {
  async fetch(request, { COUNTER, PLACE, TOKEN }) {
    const isKnown = request.headers.get("authorization") === `Bearer ${TOKEN}`;
    return Response.json(answer({ count: await COUNTER.getByName("one").count(), place: PLACE, isKnown, greeting }));
  },
};
