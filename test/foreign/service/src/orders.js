const { remember, remembered } = require("./seen");

/** An order that says `fail` is refused the first time it comes. */
exports.handler = async (event) => {
  for (const { topic, partition, offset, value } of Object.values(event.records).flat()) {
    const text = Buffer.from(value, "base64").toString();
    remember(`order ${text} ${event.eventSource} pid ${process.pid}`);
    if (text === "fail" && remembered(`order fail `) === 1)
      throw new Error(`no luck with ${topic}-${partition}@${offset}`);
  }
};
