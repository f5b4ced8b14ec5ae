// Never ends by itself: a limit of the plugin host ends it.
module.exports = {
  execute: function (ctx) {
    ctx.log.info('going round in circles from here on');
    for (var round = 0; ; round++) { }
  }
};
