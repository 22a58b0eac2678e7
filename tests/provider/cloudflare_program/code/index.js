import { answer } from "./answer.js";
import greeting from "./greeting.txt";

export * from "./classes.js";

export default {
  async fetch(request, { Counter, Tally, PLACE, TOKEN }) {
    const isKnown = request.headers.get("authorization") === `Bearer ${TOKEN}`;
    const [count, tally] = await Promise.all([Counter, Tally].map((objects) => objects?.getByName("one").count() ?? null));
    return Response.json(answer({ count, ...(tally && { tally }), place: PLACE, isKnown, greeting }));
  },
};
