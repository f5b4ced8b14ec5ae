namespace SecFlow.PluginHost.Tests.Scripting;

public sealed class PreludeTests
{
    [Theory]
    [InlineData("Object.assign({a:1}, null, {b:2})", """{"a":1,"b":2}""")]
    [InlineData("Object.entries({a:1})", """[["a",1]]""")]
    [InlineData("Object.values({a:1,b:2})", "[1,2]")]
    [InlineData("Object.fromEntries([['a',1]])", """{"a":1}""")]
    [InlineData("Object.fromEntries(new Map([['a',1]]))", """{"a":1}""")]
    [InlineData("[Object.is(0,-0), Object.is(NaN,NaN)]", "[false,true]")]
    [InlineData("Array.from('abc')", """["a","b","c"]""")]
    [InlineData("Array.from(new Set([1,1,2]), function (x) { return x * 2; })", "[2,4]")]
    [InlineData("Array.of(1,2)", "[1,2]")]
    [InlineData("[[1,2,3].find(function (x) { return x > 1; }), [1].find(function () { return false; }) === undefined]", "[2,true]")]
    [InlineData("[[1,2].findIndex(function (x) { return x === 2; }), [1].findIndex(function () { return false; })]", "[1,-1]")]
    [InlineData("[[1,NaN].includes(NaN), [1].includes(2), [1,2].includes(1,1), [1,2].includes(2,-1)]", "[true,false,false,true]")]
    [InlineData("[1,2,3].fill(0,1)", "[1,0,0]")]
    [InlineData("[1,[2,[3]]].flat()", "[1,2,[3]]")]
    [InlineData("[1,2].flatMap(function (x) { return [x,x]; })", "[1,1,2,2]")]
    [InlineData("Array.from(['a'].entries())", """[[0,"a"]]""")]
    [InlineData("['abc'.startsWith('b',1), 'abc'.startsWith('c'), 'abc'.endsWith('bc'), 'abc'.endsWith('abcd'), 'abc'.endsWith('a',1)]", "[true,false,true,false,true]")]
    [InlineData("['abc'.includes('b'), 'abc'.includes('x')]", "[true,false]")]
    [InlineData("'ab'.repeat(5) + 'x'.repeat(0)", "\"ababababab\"")]
    [InlineData("['5'.padStart(3,'0'), '5'.padEnd(3), 'long'.padStart(2), 'a'.padStart(6,'xyz')]", """["005","5  ","long","xyzxya"]""")]
    [InlineData("['  a '.trimStart(), ' a  '.trimEnd(), ' a '.trim()]", """["a "," a","a"]""")]
    [InlineData("['a.b.c'.replaceAll('.', '-'), 'aba'.replaceAll(/a/g, 'x')]", """["a-b-c","xbx"]""")]
    [InlineData("[Number.isInteger(5), Number.isInteger(5.5), Number.isInteger('5'), Number.isNaN('x'), Number.isFinite(1/0), Number.isSafeInteger(9007199254740993)]", "[true,false,false,false,false,false]")]
    [InlineData("[Math.trunc(-1.5), Math.sign(-3), Math.log2(8), Math.log10(100)]", "[-1,-1,3,2]")]
    [InlineData("var m = new Map(), o = {}; m.set(o, 1).set('o', 2).set(NaN, 3).set(o, 4); m['delete']('o'); [m.size, m.get(o), m.has('o'), m.get(NaN), m['delete']('none')]", "[2,4,false,3,false]")]
    [InlineData("var m = new Map([[1,'a'],['1','b']]), s = []; m.forEach(function (v, k) { s.push(typeof k + v); }); m.clear(); [s, m.size]", """[["numbera","stringb"],0]""")]
    [InlineData("var f = Object.freeze({}), m = new Map([[f, 1]]); [m.get(f), m.has(Object.freeze({})), m['delete'](f), m.size]", "[1,false,true,0]")]
    [InlineData("var s = new Set('aab'); s.add('c')['delete']; s['delete']('a'); [s.size, s.has('b'), Array.from(s.values()), Array.from(s.entries())]", """[2,true,["b","c"],[["b","b"],["c","c"]]]""")]
    [InlineData("var s = new Set([1]), n = 0; s.forEach(function (v) { n += v; }); s.clear(); [n, s.size]", "[1,0]")]
    [InlineData("var m = new Map([['__proto__', 1]]); [m.get('__proto__'), m.get('constructor') === undefined]", "[1,true]")]
    [InlineData("[typeof Symbol, typeof Symbol.iterator, Symbol('a') === Symbol('a')]", """["function","string",false]""")]
    [InlineData("function B() {} B.prototype.x = 1; Object.setPrototypeOf({}, B.prototype).x", "1")]
    [InlineData("globalThis === this", "true")]
    [InlineData("typeof Promise + typeof setTimeout + typeof System + typeof importNamespace", "\"undefinedundefinedundefinedundefined\"")]
    public async Task Prelude_GivesWhatModernScriptsExpect(string expression, string json)
    {
        var (statements, last) = expression.LastIndexOf(';') is var at and >= 0 && (expression.StartsWith("var ", StringComparison.Ordinal) || expression.StartsWith("function ", StringComparison.Ordinal))
            ? (expression[..(at + 1)], expression[(at + 1)..])
            : ("", expression);
        await using var engine = await EngineSide.Execute($"ctx.log.info(JSON.stringify((function () {{ {statements} return {last}; }}).call(this)));".Replace(".call(this)", ".call((function () { return this; })())", StringComparison.Ordinal));

        engine.Done.Message.ShouldBeNull();
        engine.Logs.ShouldBe([json]);
    }

    [Theory]
    [InlineData("'x'.repeat(2000000)")]
    [InlineData("'x'.repeat(-1)")]
    [InlineData("'x'.padStart(1e9, 'ab')")]
    [InlineData("new Map(5).size || (function () { throw 1; })()")]
    [InlineData("Array.from(null)")]
    [InlineData("var o = {}; Object.setPrototypeOf(o, Object.setPrototypeOf({}, o))")]
    public async Task Prelude_Misused_ThrowsInScript(string expression)
    {
        await using var engine = await EngineSide.Execute($"try {{ {expression}; }} catch (e) {{ ctx.log.info('thrown'); }}");

        engine.Logs.ShouldBe(["thrown"]);
    }

    /// <summary>What TypeScript 5.9.3 emits for classes, iteration, spread and generators with --target es5 --downlevelIteration.</summary>
    [Fact]
    public async Task Prelude_CarriesTypeScriptHelpers()
    {
        await using var engine = await EngineSide.Execute("""
            var __extends = (this && this.__extends) || (function () {
                var extendStatics = function (d, b) {
                    extendStatics = Object.setPrototypeOf ||
                        ({ __proto__: [] } instanceof Array && function (d, b) { d.__proto__ = b; }) ||
                        function (d, b) { for (var p in b) if (Object.prototype.hasOwnProperty.call(b, p)) d[p] = b[p]; };
                    return extendStatics(d, b);
                };
                return function (d, b) {
                    if (typeof b !== "function" && b !== null)
                        throw new TypeError("Class extends value " + String(b) + " is not a constructor or null");
                    extendStatics(d, b);
                    function __() { this.constructor = d; }
                    d.prototype = b === null ? Object.create(b) : (__.prototype = b.prototype, new __());
                };
            })();
            var __values = (this && this.__values) || function(o) {
                var s = typeof Symbol === "function" && Symbol.iterator, m = s && o[s], i = 0;
                if (m) return m.call(o);
                if (o && typeof o.length === "number") return {
                    next: function () {
                        if (o && i >= o.length) o = void 0;
                        return { value: o && o[i++], done: !o };
                    }
                };
                throw new TypeError(s ? "Object is not iterable." : "Symbol.iterator is not defined.");
            };
            var __read = (this && this.__read) || function (o, n) {
                var m = typeof Symbol === "function" && o[Symbol.iterator];
                if (!m) return o;
                var i = m.call(o), r, ar = [], e;
                try {
                    while ((n === void 0 || n-- > 0) && !(r = i.next()).done) ar.push(r.value);
                }
                catch (error) { e = { error: error }; }
                finally {
                    try {
                        if (r && !r.done && (m = i["return"])) m.call(i);
                    }
                    finally { if (e) throw e.error; }
                }
                return ar;
            };
            var __spreadArray = (this && this.__spreadArray) || function (to, from, pack) {
                if (pack || arguments.length === 2) for (var i = 0, l = from.length, ar; i < l; i++) {
                    if (ar || !(i in from)) {
                        if (!ar) ar = Array.prototype.slice.call(from, 0, i);
                        ar[i] = from[i];
                    }
                }
                return to.concat(ar || Array.prototype.slice.call(from));
            };
            var Base = (function () { function Base(n) { this.n = n; } Base.make = function () { return 'static'; }; Base.prototype.hi = function () { return 'hi ' + this.n; }; return Base; }());
            var Sub = (function (_super) { __extends(Sub, _super); function Sub() { return _super !== null && _super.apply(this, arguments) || this; } return Sub; }(Base));
            var out = [new Sub(3).hi(), Sub.make(), new Sub(1) instanceof Base];
            var map = new Map([['a', 1], ['b', 2]]);
            for (var it = __values(map), step = it.next(); !step.done; step = it.next()) { var _a = __read(step.value, 2); out.push(_a[0] + _a[1]); }
            out = __spreadArray(__spreadArray([], __read(out), false), __read(new Set([7])), false);
            ctx.log.info(out);
            """);

        engine.Done.Message.ShouldBeNull();
        engine.Logs.ShouldBe(["""["hi 3","static",true,"a1","b2",7]"""]);
    }
}
