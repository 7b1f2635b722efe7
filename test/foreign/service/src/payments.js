const { remember } = require("./seen");

module.exports.handler = (event, _context, callback) => {
  for (const { value } of Object.values(event.records).flat()) {
    remember(`payment ${Buffer.from(value, "base64")} ${event.eventSourceArn.split("/")[1]} pid ${process.pid}`);
  }
  callback(null, "done");
};
