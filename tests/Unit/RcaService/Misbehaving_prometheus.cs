using Ops.Rca.Sources;
using Ops.Rca.Sources.Prometheus;

namespace Ops.Rca.Service.Tests;

/// <summary>Whatever a server answers, there is a clear error or a result that says what it ignored.</summary>
public sealed class Misbehaving_prometheus
{
    private const string Counted = """{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"jobs_total"},"value":[1,"1"]}]}}""";
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_700_000_007);

    [Fact]
    public async Task Samples_on_the_asked_grid_become_rounds()
    {
        var form = new Dictionary<string, string>();
        var (rounds, notes) = await ReadAsync(asked =>
        {
            form = asked.ToDictionary();
            return ScriptedServer.Ok(Matrix("""[1699999995,"5"],[1700000000,"7"]"""));
        });

        form["query"].ShouldBe("{__name__=~\"jobs_total\",app=\"a\"}");
        (form["start"], form["end"], form["step"]).ShouldBe(("1699999950", "1700000005", "5"));
        rounds.Count.ShouldBe(12);
        rounds.Single(round => round.Seconds == 1_700_000_000).Samples.Single().Value.ShouldBe(7);
        rounds.Single(round => round.Seconds == 1_700_000_005).Samples.ShouldBeEmpty();
        notes.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("""[1699999996,"5"]""", "lies about its step")]
    [InlineData("""[1600000000,"5"]""", "lies about its step")]
    [InlineData("""[1699999995,5]""", "not [time, \"value\"]")]
    public async Task Samples_that_nobody_asked_for_are_refused(string values, string words) => await ExpectErrorAsync(ScriptedServer.Ok(Matrix(values)), words);

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"status\":\"succ", "in the middle")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{\"status\":\"succe", "not whole JSON")]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n", "answered 302: nothing")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n<html>hi</html>", "not a Prometheus server")]
    [InlineData("HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy", "answered 503: busy")]
    [InlineData("garbage\r\n\r\n", "Prometheus at")]
    public async Task An_answer_that_is_none_is_told_as_what_it_is(string answer, string words) => await ExpectErrorAsync(answer, words);

    [Fact]
    public async Task A_refusal_is_told_in_the_server_s_words_without_what_a_terminal_would_obey() =>
        await ExpectErrorAsync(
            ScriptedServer.Ok("""{"status":"error","errorType":"execution","error":"query processing would load\u001b[31m too many samples"}""").Replace("200 OK", "422 X"),
            "refuses: execution: query processing would load [31m too many samples");

    [Theory]
    [InlineData("""{"status":"success","data":{"resultType":"vector","result":[]}}""", "no matrix")]
    [InlineData("""{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"histograms":[]}]}}""", "native histograms")]
    [InlineData("""{"status":"success"}""", "not Prometheus'")]
    [InlineData("""[1,2]""", "not Prometheus'")]
    public async Task A_wrong_form_is_told(string body, string words) => await ExpectErrorAsync(ScriptedServer.Ok(body), words);

    [Fact]
    public async Task A_server_that_does_not_answer_is_given_up()
    {
        var error = await Should.ThrowAsync<SourceException>(() => ReadAsync(_ => null, limit: TimeSpan.FromMilliseconds(200)));

        error.Message.ShouldContain("did not answer within 0.2 s");
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_named()
    {
        using var source = new PrometheusSource(new() { Url = new("http://127.0.0.1:1") }, TimeSpan.FromMinutes(1));

        (await Should.ThrowAsync<SourceException>(() => source.ReadAsync(Now, TestContext.Current.CancellationToken))).Message.ShouldContain("http://127.0.0.1:1/ cannot be reached");
    }

    [Fact]
    public async Task Warnings_doubles_and_infinities_are_noted_or_missing()
    {
        var series = """{"metric":{"__name__":"jobs_total","app":"a"},"values":[[1699999995,"+Inf"],[1700000000,"NaN"],[1700000005,"3"]]}""";
        var (rounds, notes) = await ReadAsync(_ => ScriptedServer.Ok("""{"status":"success","warnings":["half of the data is gone\u0007"],"data":{"resultType":"matrix","result":[S,S]}}""".Replace("S,S", $"{series},{series}")));

        rounds.SelectMany(round => round.Samples).ShouldHaveSingleItem().Value.ShouldBe(3);
        notes.ShouldContain("Prometheus warns: half of the data is gone ");
        notes.ShouldContain(note => note.Contains("same series twice"));
    }

    [Fact]
    public async Task More_series_than_there_is_room_for_are_left_out_by_whole_metrics()
    {
        const string counts = """{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"http_requests_total"},"value":[1,"60"]},{"metric":{"__name__":"odd_bucket"},"value":[1,"90"]}]}}""";
        await using var server = new ScriptedServer((path, _) => ScriptedServer.Ok(path.EndsWith("query_range", StringComparison.Ordinal) ? Matrix("") : counts));
        using var source = new PrometheusSource(new() { Url = server.Url, StepSeconds = 5, MaxSeries = 100 }, TimeSpan.FromMinutes(1));
        await source.ReadAsync(Now, TestContext.Current.CancellationToken);

        source.Notes.ShouldHaveSingleItem().ShouldStartWith("1 metrics were left out to stay within 100 series: odd_bucket");
    }

    [Theory]
    [InlineData("app=\"a\"", "in braces")]
    public void A_wrong_selector_is_refused(string selector, string words) =>
        Should.Throw<SourceException>(() => new PrometheusSource(new() { Url = new("http://127.0.0.1:9"), Selector = selector }, TimeSpan.FromMinutes(1))).Message.ShouldContain(words);

    [Theory]
    [InlineData("ftp://127.0.0.1/")]
    [InlineData("http://user:secret@127.0.0.1/")]
    public void An_address_that_is_none_is_refused_without_its_secret(string url)
    {
        var error = Should.Throw<SourceException>(() => new PrometheusSource(new() { Url = new(url) }, TimeSpan.FromMinutes(1)));

        error.Message.ShouldContain("is not the address of a Prometheus server");
        error.Message.ShouldNotContain("secret");
    }

    private static string Matrix(string values) =>
        $$$"""{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"jobs_total","app":"a"},"values":[{{{values}}}]}]}}""";

    private static async Task ExpectErrorAsync(string answer, string words) =>
        (await Should.ThrowAsync<SourceException>(() => ReadAsync(_ => answer))).Message.ShouldContain(words);

    private static async Task<(IReadOnlyList<SampleRound> Rounds, IReadOnlyList<string> Notes)> ReadAsync(Func<IReadOnlyDictionary<string, string>, string?> range, TimeSpan? limit = null)
    {
        await using var server = new ScriptedServer((path, form) => path.EndsWith("query_range", StringComparison.Ordinal) ? range(form) : ScriptedServer.Ok(Counted));
        using var source = new PrometheusSource(
            new() { Url = server.Url, StepSeconds = 5, Selector = "{app=\"a\"}", Timeout = limit ?? TimeSpan.FromSeconds(30) }, TimeSpan.FromMinutes(1));
        var rounds = await source.ReadAsync(Now, TestContext.Current.CancellationToken);
        return (rounds, source.Notes);
    }
}
