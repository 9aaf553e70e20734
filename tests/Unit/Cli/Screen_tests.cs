using System.Net;
using System.Net.Sockets;
using Ops.Cli.Load;
using Ops.Cli.Terminal;
using Ops.Cli.Up;
using Ops.Load;
using Ops.Traces;

namespace Ops.Cli.Tests;

/// <summary>What users read.</summary>
public sealed class Screen_tests
{
    [Fact]
    public void Into_a_pipe_goes_plain_text_without_escape_codes()
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var screen = new Screen(output, errors, live: false);

        screen.Transient("gone");
        screen.Line(new string('x', 300));
        LoadTable.Print(screen, Report());
        screen.Error("a sentence.");

        output.ToString().ShouldStartWith(new string('x', 300) + "\n");
        output.ToString().ShouldNotContain("\u001b");
        output.ToString().ShouldNotContain("gone");
        errors.ToString().ShouldBe("ops: a sentence.\n");
    }

    [Fact]
    public void The_load_table_shows_every_figure()
    {
        using var output = new StringWriter();
        LoadTable.Print(new Screen(output, TextWriter.Null, live: false), Report());

        var text = output.ToString();
        foreach (var part in new[] { "sent", "1,234", "answered", "1,200", "rejected", "30", "failed", "4", "TTFT", "TPOT", "p50", "p95", "p99",
                     "120 ms", "goodput", "19.50/s", "qwen3-32b", "25.0 %", "J/request", "345", "generator lag" })
            text.ShouldContain(part);
    }

    [Fact]
    public void The_json_of_a_load_has_figures_by_name_and_leaves_out_what_was_not_measured()
    {
        var figures = LoadJson.ToJson(Report() with { JoulesPerRequest = null })["figures"]!.AsObject();

        ((int?)figures["sent"]).ShouldBe(1234);
        ((double?)figures["ttft_p99_s"]).ShouldBe(0.3);
        figures.ContainsKey("joules_per_request").ShouldBeFalse();
    }

    [Theory]
    [InlineData("60s", 60)]
    [InlineData("2m", 120)]
    [InlineData("1h30m", 5400)]
    [InlineData("500ms", 0.5)]
    [InlineData("1.5s", 1.5)]
    public void Durations_are_read(string text, double seconds) => Durations.Parse(text).ShouldBe(TimeSpan.FromSeconds(seconds));

    [Theory]
    [InlineData("")]
    [InlineData("60")]
    [InlineData("0s")]
    [InlineData("-1s")]
    [InlineData("1d")]
    [InlineData("99999999999h")]
    public void What_is_no_duration_is_refused(string text) => Durations.Parse(text).ShouldBeNull();

    [Fact]
    public void The_kubectl_line_survives_a_path_with_a_space_and_a_quote()
    {
        var lines = Welcome.Lines(new RunningInstance(1, "u", "http://r", "key", "/home/it's me/kubeconfig"), null, "chat", TimeSpan.FromSeconds(3)).ToList();

        lines.ShouldContain("  kubectl --kubeconfig '/home/it'\\''s me/kubeconfig' get modelpools,modelroutes,pods -A");
        lines.ShouldContain("Ready in 3.0 s.");
    }

    [Fact]
    public void A_taken_port_gets_one_sentence_with_the_remedy()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        var error = Should.Throw<UserError>(() => PortCheck.EnsureFree(port, "the API server", "choose another."));

        error.Message.ShouldBe($"Port {port} on 127.0.0.1, which the API server needs, is taken by another program; choose another.");
        Should.NotThrow(() => PortCheck.EnsureFree(0, "nothing", ""));
    }

    private static LoadReport Report()
    {
        var times = new Percentiles(10, 0.13, 0.12, 0.2, 0.3, 0.4);
        return new LoadReport
        {
            Trace = "test", Elapsed = TimeSpan.FromSeconds(60), Cancelled = false, Sent = 1234, Answered = 1200, Rejected = 30,
 Failed = 4, Abandoned = 0, Dropped = 0, PromptTokens = 10_000, CompletionTokens = 20_000,
            TimeToFirstToken = times, TimePerOutputToken = times, EndToEnd = times, GeneratorLag = times, Objective = new LoadObjective(),
            Good = 1170, GoodputPerSecond = 19.5, Variants = [new VariantShare("qwen3-32b", 300, 0.25, times, times)],
            Joules = 414_000, JoulesPerRequest = 345, Problems = [new LoadProblem("connection refused", 4)],
        };
    }
}
