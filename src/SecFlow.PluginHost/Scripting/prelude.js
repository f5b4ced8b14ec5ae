// What TypeScript 5.9 (--target es5 --downlevelIteration) and authors of ES5 expect beyond ES5. Runs before the plugin, in its interpreter.
// Here: Object.assign/entries/values/fromEntries/is, Array.from/of and find, findIndex, includes, fill, flat, flatMap,
// String startsWith, endsWith, includes, repeat, padStart, padEnd, trimStart, trimEnd, replaceAll, Number.*, Math.trunc/sign/log2/log10,
// Symbol (strings), Map, Set, WeakMap, WeakSet, Error subclasses by Object.setPrototypeOf (native). Not here: Promise, Proxy, timers.
(function (global) {
  'use strict';

  var MAX_REPEAT = 1048576;
  var hasOwn = Object.prototype.hasOwnProperty;
  var slice = Array.prototype.slice;

  function define(owner, members) {
    for (var name in members) {
      if (hasOwn.call(members, name) && !hasOwn.call(owner, name)) {
        Object.defineProperty(owner, name, { value: members[name], writable: true, enumerable: false, configurable: true });
      }
    }
  }

  // Symbols are strings that no author writes by chance; enough for the iteration protocol.
  var symbols = 0;
  function Symbol(description) {
    symbols++;
    return '@@' + (description === undefined ? '' : description) + '#' + symbols;
  }
  Symbol.iterator = '@@iterator';
  Symbol.asyncIterator = '@@asyncIterator';
  Symbol.toStringTag = '@@toStringTag';
  Symbol.hasInstance = '@@hasInstance';
  define(global, { Symbol: Symbol });

  function iterate(source, visit) {
    var iterator, step, i;
    if (source === null || source === undefined) {
      throw new TypeError('The value is not iterable');
    }
    if (typeof source[Symbol.iterator] === 'function' && !Array.isArray(source)) {
      iterator = source[Symbol.iterator]();
      for (step = iterator.next(); !step.done; step = iterator.next()) {
        visit(step.value);
      }
    } else {
      for (i = 0; i < source.length; i++) {
        visit(source[i]);
      }
    }
  }

  function integer(value) {
    var number = Number(value);
    return number !== number ? 0 : number < 0 ? Math.ceil(number) : Math.floor(number);
  }

  function text(value) {
    if (value === null || value === undefined) {
      throw new TypeError('String method called on null or undefined');
    }
    return String(value);
  }

  function same(a, b) {
    return a === b || (a !== a && b !== b);
  }

  define(Object, {
    assign: function assign(target) {
      for (var i = 1; i < arguments.length; i++) {
        var source = arguments[i];
        if (source !== null && source !== undefined) {
          var keys = Object.keys(Object(source));
          for (var k = 0; k < keys.length; k++) {
            target[keys[k]] = source[keys[k]];
          }
        }
      }
      return target;
    },
    entries: function entries(value) {
      return Object.keys(value).map(function (key) { return [key, value[key]]; });
    },
    values: function values(value) {
      return Object.keys(value).map(function (key) { return value[key]; });
    },
    fromEntries: function fromEntries(pairs) {
      var result = {};
      iterate(pairs, function (pair) { result[pair[0]] = pair[1]; });
      return result;
    },
    is: function is(a, b) {
      return a === b ? a !== 0 || 1 / a === 1 / b : a !== a && b !== b;
    }
  });

  define(Array, {
    from: function from(source, map, self) {
      var result = [];
      iterate(source, function (value) {
        result.push(map ? map.call(self, value, result.length) : value);
      });
      return result;
    },
    of: function of() {
      return slice.call(arguments);
    }
  });

  function flatten(list, depth, into) {
    for (var i = 0; i < list.length; i++) {
      if (depth > 0 && Array.isArray(list[i])) {
        flatten(list[i], depth - 1, into);
      } else {
        into.push(list[i]);
      }
    }
    return into;
  }

  define(Array.prototype, {
    find: function find(test, self) {
      for (var i = 0; i < this.length; i++) {
        if (test.call(self, this[i], i, this)) {
          return this[i];
        }
      }
      return undefined;
    },
    findIndex: function findIndex(test, self) {
      for (var i = 0; i < this.length; i++) {
        if (test.call(self, this[i], i, this)) {
          return i;
        }
      }
      return -1;
    },
    includes: function includes(value, start) {
      var i = integer(start);
      for (i = i < 0 ? Math.max(0, this.length + i) : i; i < this.length; i++) {
        if (same(this[i], value)) {
          return true;
        }
      }
      return false;
    },
    fill: function fill(value, start, end) {
      var i = integer(start), stop = end === undefined ? this.length : integer(end);
      i = i < 0 ? Math.max(0, this.length + i) : i;
      stop = stop < 0 ? this.length + stop : Math.min(stop, this.length);
      for (; i < stop; i++) {
        this[i] = value;
      }
      return this;
    },
    flat: function flat(depth) {
      return flatten(this, depth === undefined ? 1 : Math.min(64, integer(depth)), []);
    },
    flatMap: function flatMap(map, self) {
      return flatten(this.map(map, self), 1, []);
    },
    entries: function entries() {
      return iterator(this.map(function (value, index) { return [index, value]; }));
    },
    keys: function keys() {
      return iterator(this.map(function (value, index) { return index; }));
    },
    values: function values() {
      return iterator(this.slice());
    }
  });

  function pad(value, length, filler) {
    filler = filler === undefined ? ' ' : String(filler);
    var missing = integer(length) - value.length;
    if (missing <= 0 || filler === '') {
      return '';
    }
    return repeat(filler, Math.ceil(missing / filler.length)).slice(0, missing);
  }

  function repeat(value, count) {
    if (count < 0 || count * value.length > MAX_REPEAT) {
      throw new RangeError('repeat makes at most ' + MAX_REPEAT + ' characters');
    }
    var result = '';
    for (; count > 0; count = Math.floor(count / 2)) {
      if (count % 2 === 1) {
        result += value;
      }
      value += count > 1 ? value : '';
    }
    return result;
  }

  define(String.prototype, {
    startsWith: function startsWith(search, position) {
      var at = Math.max(0, integer(position)), what = String(search);
      return text(this).substr(at, what.length) === what;
    },
    endsWith: function endsWith(search, end) {
      var value = text(this), what = String(search);
      var stop = end === undefined ? value.length : Math.min(integer(end), value.length);
      return stop >= what.length && value.substr(stop - what.length, what.length) === what;
    },
    includes: function includes(search, position) {
      return text(this).indexOf(String(search), integer(position)) !== -1;
    },
    repeat: function (count) {
      return repeat(text(this), integer(count));
    },
    padStart: function padStart(length, filler) {
      var value = text(this);
      return pad(value, length, filler) + value;
    },
    padEnd: function padEnd(length, filler) {
      var value = text(this);
      return value + pad(value, length, filler);
    },
    trimStart: function trimStart() {
      return text(this).replace(/^\s+/, '');
    },
    trimEnd: function trimEnd() {
      var value = text(this), end = value.length;
      while (end > 0 && /\s/.test(value.charAt(end - 1))) {
        end--;
      }
      return value.slice(0, end);
    },
    replaceAll: function replaceAll(search, replacement) {
      var value = text(this);
      if (search instanceof RegExp) {
        return value.replace(search, replacement);
      }
      return value.split(String(search)).join(String(replacement));
    }
  });

  define(Number, {
    EPSILON: 2.220446049250313e-16,
    MAX_SAFE_INTEGER: 9007199254740991,
    MIN_SAFE_INTEGER: -9007199254740991,
    isNaN: function (value) { return value !== value; },
    isFinite: function (value) { return typeof value === 'number' && isFinite(value); },
    isInteger: function (value) { return typeof value === 'number' && isFinite(value) && Math.floor(value) === value; },
    isSafeInteger: function (value) { return Number.isInteger(value) && Math.abs(value) <= 9007199254740991; },
    parseFloat: parseFloat,
    parseInt: parseInt
  });

  define(Math, {
    trunc: function (value) { return value < 0 ? Math.ceil(value) : Math.floor(value); },
    sign: function (value) { return value > 0 ? 1 : value < 0 ? -1 : +value; },
    log2: function (value) { return Math.log(value) / Math.LN2; },
    log10: function (value) { return Math.log(value) / Math.LN10; }
  });

  function iterator(items) {
    var at = 0;
    var result = {
      next: function () {
        return at < items.length ? { value: items[at++], done: false } : { value: undefined, done: true };
      }
    };
    result[Symbol.iterator] = function () { return result; };
    return result;
  }

  // Objects as keys carry a hidden number; frozen ones are looked for one by one.
  var numbers = 0;
  var NUMBER = '@@number';
  function keyOf(value) {
    var type = typeof value;
    if (value === null || (type !== 'object' && type !== 'function')) {
      return type + ':' + (value === 0 ? '0' : String(value));
    }
    if (!hasOwn.call(value, NUMBER)) {
      if (!Object.isExtensible(value)) {
        return null;
      }
      numbers++;
      Object.defineProperty(value, NUMBER, { value: numbers });
    }
    return 'object:' + value[NUMBER];
  }

  function hide(owner, name, value) {
    Object.defineProperty(owner, name, { value: value, writable: true });
  }

  function Map(source) {
    hide(this, '_entries', []);
    hide(this, '_index', Object.create(null));
    hide(this, '_size', 0);
    if (source !== null && source !== undefined) {
      var self = this;
      iterate(source, function (pair) { self.set(pair[0], pair[1]); });
    }
  }
  function locate(map, key) {
    var name = keyOf(key);
    if (name !== null) {
      return map._index[name];
    }
    for (var i = 0; i < map._entries.length; i++) {
      if (map._entries[i] !== undefined && map._entries[i][0] === key) {
        return i;
      }
    }
    return undefined;
  }
  function live(map) {
    return map._entries.filter(function (entry) { return entry !== undefined; });
  }
  define(Map.prototype, {
    get: function (key) { var at = locate(this, key); return at === undefined ? undefined : this._entries[at][1]; },
    has: function (key) { return locate(this, key) !== undefined; },
    set: function (key, value) {
      var at = locate(this, key), name;
      if (at !== undefined) {
        this._entries[at][1] = value;
        return this;
      }
      name = keyOf(key);
      if (name !== null) {
        this._index[name] = this._entries.length;
      }
      this._entries.push([key, value]);
      this._size++;
      return this;
    },
    'delete': function (key) {
      var at = locate(this, key), name;
      if (at === undefined) {
        return false;
      }
      name = keyOf(key);
      if (name !== null) {
        delete this._index[name];
      }
      this._entries[at] = undefined;
      this._size--;
      return true;
    },
    clear: function () { this._entries = []; this._index = Object.create(null); this._size = 0; },
    forEach: function (visit, self) {
      for (var i = 0; i < this._entries.length; i++) {
        if (this._entries[i] !== undefined) {
          visit.call(self, this._entries[i][1], this._entries[i][0], this);
        }
      }
    },
    keys: function () { return iterator(live(this).map(function (entry) { return entry[0]; })); },
    values: function () { return iterator(live(this).map(function (entry) { return entry[1]; })); },
    entries: function () { return iterator(live(this).map(function (entry) { return [entry[0], entry[1]]; })); }
  });
  Object.defineProperty(Map.prototype, 'size', { get: function () { return this._size; } });
  Object.defineProperty(Map.prototype, Symbol.iterator, { value: Map.prototype.entries });

  function Set(source) {
    hide(this, '_map', new Map());
    if (source !== null && source !== undefined) {
      var self = this;
      iterate(source, function (value) { self.add(value); });
    }
  }
  define(Set.prototype, {
    add: function (value) { this._map.set(value, value); return this; },
    has: function (value) { return this._map.has(value); },
    'delete': function (value) { return this._map['delete'](value); },
    clear: function () { this._map.clear(); },
    forEach: function (visit, self) {
      var set = this;
      this._map.forEach(function (value) { visit.call(self, value, value, set); });
    },
    keys: function () { return this._map.keys(); },
    values: function () { return this._map.keys(); },
    entries: function () { return this._map.entries(); }
  });
  Object.defineProperty(Set.prototype, 'size', { get: function () { return this._map.size; } });
  Object.defineProperty(Set.prototype, Symbol.iterator, { value: Set.prototype.values });

  // One process serves one run: nothing is gained by collecting their keys.
  define(global, { Map: Map, Set: Set, WeakMap: Map, WeakSet: Set });
})(this);
