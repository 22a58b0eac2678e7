import { DurableObject } from "cloudflare:workers";

export class Counter extends DurableObject {
  count() {
    this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS counted (at INTEGER)");
    this.ctx.storage.sql.exec("INSERT INTO counted VALUES (1)");
    return this.ctx.storage.sql.exec("SELECT COUNT(*) AS n FROM counted").one().n;
  }
}
