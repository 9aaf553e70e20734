using System.Text.Json.Nodes;
using CsCheck;
using Ops.Sandbox.Objects;
using Ops.Sandbox.Objects.Cel;

namespace Ops.SandboxObjects.Tests;

public sealed class CelTests
{
    private static readonly JsonObject Self = Json.Object("""
        {"replicas":3,"max":5,"name":"web-1","ratio":0.5,"tags":["b","a","c"],"on":true,"empty":"","nothing":null,
         "ports":[{"name":"http","port":80},{"name":"https","port":443}],"labels":{"app":"web","tier":"front"},"a-b":{"c.d":7},"namespace":"ns","when":"1h30m"}
        """);

    /// <summary>Expression and its value as CEL's own rules give it, worked out by hand; "!text" means failure with that text.</summary>
    [Theory]
    [InlineData("1 + 2 * 3", "7")]
    [InlineData("(1 + 2) * 3 % 4", "1")]
    [InlineData("-7 / 2", "-3")]
    [InlineData("-7 % 2", "-1")]
    [InlineData("7.0 / 2.0", "3.5")]
    [InlineData("1 / 0", "!division by zero")]
    [InlineData("9223372036854775807 + 1", "!overflow")]
    [InlineData("-9223372036854775808", "-9223372036854775808")]
    [InlineData("0x1F + 1", "32")]
    [InlineData("1u + 2u", "3")]
    [InlineData("1 + 1.0", "!no such overload")]
    [InlineData("1 == 1.0", "true")]
    [InlineData("1 < 1.5", "true")]
    [InlineData("'a' < 'b'", "true")]
    [InlineData("'a' + 'b' == \"ab\"", "true")]
    [InlineData("[1,2] + [3] == [1,2,3]", "true")]
    [InlineData("{'a':1,'b':2} == {'b':2,'a':1}", "true")]
    [InlineData("1 == 'a'", "false")]
    [InlineData("!true || !false", "true")]
    [InlineData("true || 1/0 == 1", "true")]
    [InlineData("1/0 == 1 || true", "true")]
    [InlineData("1/0 == 1 && false", "false")]
    [InlineData("1/0 == 1 && true", "!division by zero")]
    [InlineData("false ? 1 : 2", "2")]
    [InlineData("self.replicas <= self.max", "true")]
    [InlineData("has(self.replicas) && !has(self.minReplicas)", "true")]
    [InlineData("has(self.labels.app)", "true")]
    [InlineData("self.missing", "!no such key: missing")]
    [InlineData("self.nothing == null", "true")]
    [InlineData("self['name']", "web-1")]
    [InlineData("self.ports[1].port", "443")]
    [InlineData("self.ports[2].port", "!index out of bounds: 2")]
    [InlineData("self.labels['tier'] in ['front', 'back']", "true")]
    [InlineData("'app' in self.labels", "true")]
    [InlineData("'x' in self.tags", "false")]
    [InlineData("self.ports.all(p, p.port > 0 && p.port < 65536)", "true")]
    [InlineData("self.ports.exists(p, p.name == 'https')", "true")]
    [InlineData("self.ports.exists_one(p, p.port == 80)", "true")]
    [InlineData("self.ports.filter(p, p.port > 100).map(p, p.name)[0]", "https")]
    [InlineData("self.ports.map(p, p.port < 100, p.name).size()", "1")]
    [InlineData("self.labels.all(k, k.size() >= 3)", "true")]
    [InlineData("[1,2,3].exists(x, [2].exists(y, x == y))", "true")]
    [InlineData("[].all(x, false)", "true")]
    [InlineData("[1, 0].exists(x, 10 / x == 10)", "true")]
    [InlineData("size(self.tags) + self.name.size()", "8")]
    [InlineData("'héé😀'.size()", "4")]
    [InlineData("self.name.startsWith('web') && self.name.endsWith('-1') && self.name.contains('b-')", "true")]
    [InlineData("self.name.matches('^[a-z]+-[0-9]$')", "true")]
    [InlineData("self.name.matches('[')", "!error parsing regexp")]
    [InlineData("self.name.split('-')[0].upperAscii()", "WEB")]
    [InlineData("self.name.replace('web', 'db').substring(0, 2)", "db")]
    [InlineData("self.name.indexOf('-')", "3")]
    [InlineData("self.name.substring(9)", "!index out of range")]
    [InlineData("['a','b'].join('+')", "a+b")]
    [InlineData("' x '.trim()", "x")]
    [InlineData("self.tags.isSorted()", "false")]
    [InlineData("[3,1,2].max() - [3,1,2].min() + [3,1,2].sum()", "8")]
    [InlineData("[].max()", "!called on empty list")]
    [InlineData("self.tags.indexOf('c')", "2")]
    [InlineData("int('42') + int(2.9)", "44")]
    [InlineData("int('x')", "!invalid syntax")]
    [InlineData("double('1.5') * 2.0", "3")]
    [InlineData("string(3) + string(true)", "3true")]
    [InlineData("type(1) == int && type('a') == string", "true")]
    [InlineData("duration('1h30m') > duration('89m')", "true")]
    [InlineData("duration(self.when) == duration('90m')", "true")]
    [InlineData("duration('1h').getMinutes()", "60")]
    [InlineData("duration('nonsense')", "!invalid duration")]
    [InlineData("duration('90m') + duration('30m') == duration('2h')", "true")]
    [InlineData("timestamp('2026-01-02T03:04:05Z').getFullYear()", "2026")]
    [InlineData("timestamp('2026-01-02T00:00:00Z') - timestamp('2026-01-01T00:00:00Z') == duration('24h')", "true")]
    [InlineData("quantity('1Gi').isGreaterThan(quantity('1000M'))", "true")]
    [InlineData("isQuantity('500m') && !isQuantity('5 apples')", "true")]
    [InlineData("sets.contains([1,2,3], [3,1])", "true")]
    [InlineData("sets.intersects([1], [2])", "false")]
    [InlineData("self.a__dash__b.c__dot__d", "7")]
    [InlineData("self.__namespace__ == 'ns'", "true")]
    [InlineData("self.?missing.orValue(9)", "9")]
    [InlineData("self.?labels.?app.orValue('none')", "web")]
    [InlineData("optional.none().hasValue()", "false")]
    [InlineData("r'\\d' == '\\\\d'", "true")]
    [InlineData("'\\u00e9' == 'é' && '''a'b''' == \"a'b\"", "true")]
    [InlineData("b'abc' == bytes('abc')", "true")]
    [InlineData("1 + // a comment\n 1", "2")]
    [InlineData("isIP('10.0.0.1') && !isIP('10.1') && isCIDR('10.0.0.0/8')", "true")]
    [InlineData("unknown", "!no such attribute")]
    public void An_expression_has_the_value_that_was_worked_out_by_hand(string expression, string expected)
    {
        var value = Evaluate(expression);
        if (expected.StartsWith('!'))
            value.ShouldBeOfType<CelError>().Message.ShouldContain(expected[1..]);
        else
            CelText.Of(value).ShouldBe(expected, (value as CelError)?.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1 +")]
    [InlineData("self.")]
    [InlineData("(1")]
    [InlineData("[1, 2")]
    [InlineData("'open")]
    [InlineData("a b")]
    [InlineData("has(self)")]
    [InlineData("self.all(x)")]
    [InlineData("self.all(1, true)")]
    [InlineData("nosuchfunction(1)")]
    [InlineData("self.nosuch()")]
    [InlineData("99999999999999999999")]
    [InlineData("for")]
    [InlineData("#")]
    [InlineData("'\\q'")]
    [InlineData("'\\ud800'")]
    [InlineData("a ? b")]
    [InlineData("{1: }")]
    public void What_is_no_expression_is_refused_with_its_place(string expression) =>
        Should.Throw<CelException>(() => CelProgram.Compile(expression)).Message.ShouldStartWith("ERROR: <input>:1:");

    [Fact]
    public void Nesting_is_bounded_and_long_flat_chains_are_not_nesting()
    {
        Should.Throw<CelException>(() => CelProgram.Compile(new string('(', 5000) + "1" + new string(')', 5000))).Message.ShouldContain("recursion limit");
        Should.Throw<CelException>(() => CelProgram.Compile(string.Join('+', Enumerable.Repeat("1", 5000)))).Message.ShouldContain("recursion limit");
        Should.Throw<CelException>(() => CelProgram.Compile(new string('!', 20_000) + "(" + new string('[', 9000))).Message.ShouldContain("recursion limit");
        CelText.Of(Evaluate(string.Join(" && ", Enumerable.Repeat("self.on", 5000)))).ShouldBe("true");
    }

    [Fact]
    public void Evaluation_stops_when_its_budget_is_spent()
    {
        var list = "[" + string.Join(',', Enumerable.Range(0, 100)) + "]";
        var program = CelProgram.Compile($"{list}.all(a, {list}.all(b, {list}.all(c, a + b + c >= 0)))");
        program.Evaluate(new CelScope(new CelBudget(100_000))).ShouldBe(CelError.OutOfBudget);
        // || must not absorb exhaustion into an answer.
        CelProgram.Compile($"{list}.all(a, {list}.all(b, {list}.all(c, a + b + c >= 0))) || true")
            .Evaluate(new CelScope(new CelBudget(100_000))).ShouldBe(CelError.OutOfBudget);
    }

    [Fact]
    public void Text_cannot_be_grown_beyond_the_budget()
    {
        var doubling = string.Concat(Enumerable.Repeat(".map(s, s + s)", 60));
        Evaluate($"['xxxxxxxxxxxxxxxx']{doubling}.size()").ShouldBe(CelError.OutOfBudget);
        Evaluate("'" + new string('a', 5000) + "'.replace('', '" + new string('b', 5000) + "')").ShouldBe(CelError.OutOfBudget);
    }

    [Fact]
    public void Any_text_parses_or_throws_the_parsers_own_error()
    {
        string[] pieces =
        [
            "self", ".", "a", "(", ")", "[", "]", "{", "}", "1", "1.5", "'x'", "\"", "'", "&&", "||", "!", "-", "+", "?", ":", ",", "in", "has(",
            "all(", ".map(x,", "==", "<", "r'", "b\"", "'''", "\\", "\\u12", "0x", "1e", "9999999999999999999", " ", "\n", "//", "\0", "😀", "\ud800", "null", "true", "for",
        ];
        Gen.Int[0, pieces.Length - 1].Array[0, 40].Select(parts => string.Concat(parts.Select(p => pieces[p]))).Sample(text =>
        {
            try
            {
                var value = CelProgram.Compile(text).Evaluate(Scope(new CelBudget(10_000)));
                value.ShouldNotBeOfType<CelMissing>();
            }
            catch (CelException e)
            {
                e.Message.ShouldNotBeNullOrEmpty();
            }
        }, iter: 10_000);
    }

    private static object? Evaluate(string expression) => CelProgram.Compile(expression).Evaluate(Scope(new CelBudget(CelBudget.PerRule)));

    private static CelScope Scope(CelBudget budget) => new CelScope(budget).With("self", CelValue.Of(Self, null));
}
