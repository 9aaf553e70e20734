using Ops.Rca.Reading;

namespace Ops.Rca.Tests;

/// <summary>The layouts in which incidents are published, and what is wrong with them at times.</summary>
public sealed class Reading_rules : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ops-rca-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_case_of_rcaeval_tells_services_metrics_kinds_onset_and_cause()
    {
        Write("cart-db_mem/2/data.csv", "time,front-end_cpu,cart-db_mem,cart-db_latency-90,front-end_workload\n100,1,2,3,4\n101,5,,7,8\n");
        Write("cart-db_mem/2/inject_time.txt", "101\n");

        var labelled = CaseReader.ReadCases(_folder).ShouldHaveSingleItem();

        labelled.Service.ShouldBe("cart-db");
        labelled.MetricPrefix.ShouldBe("mem");
        labelled.Incident.Onset.ShouldBe(101);
        labelled.Incident.Observed.Metrics.ShouldBe([
            new Metric("front-end", "cpu", MetricKind.Resource), new Metric("cart-db", "mem", MetricKind.Resource),
            new Metric("cart-db", "latency-90", MetricKind.Latency), new Metric("front-end", "workload", MetricKind.Load)]);
        labelled.Incident.Observed.Columns[1].ShouldBe([2, double.NaN]);
    }

    [Fact]
    public void A_recording_tells_calls_symptom_and_cause_and_a_control_is_no_case()
    {
        foreach (var (folder, service) in new[] { ("cart_slow-disk/1", "\"cart\""), ("none_placebo/2", "null") })
        {
            Write($"{folder}/data.csv", "time,cart_disk-write,front_latency,front_to-cart-latency\n100,1,2,3\n101,5,7,8\n");
            Write($"{folder}/calls.csv", "caller,callee\nfront,cart\n");
            Write($"{folder}/inject_time.txt", "101\n");
            Write($"{folder}/truth.json", $$"""{"fault":"slow-disk","service":{{service}},"metric":"disk","symptom":"front","injectTime":100.6}""");
        }

        var labelled = CaseReader.ReadCases(_folder).ShouldHaveSingleItem();

        (labelled.Service, labelled.MetricPrefix).ShouldBe(("cart", "disk"));
        (labelled.Incident.Symptom, labelled.Incident.Onset).ShouldBe(("front", 100.6));
        labelled.Incident.Observed.Metrics[2].ShouldBe(new Metric("cart", "latency as seen by front", MetricKind.Latency) { SeenBy = "front" }, "what a caller sees belongs to whom it calls");
        CaseReader.ReadIncident(Path.Combine(_folder, "none_placebo", "2")).Calls.ShouldBe([new CallEdge("front", "cart")]);
    }

    [Fact]
    public void A_recording_whose_truth_is_cut_off_is_refused_by_name()
    {
        Write("calls.csv", "caller,callee\n");
        Write("truth.json", "{\"fault\":");

        Should.Throw<BadInputException>(() => CaseReader.ReadIncident(_folder)).Message.ShouldContain("truth.json is not what ./ops chaos record writes");
    }

    [Fact]
    public void A_pair_recorded_apart_is_compared_although_it_tells_no_onset()
    {
        Write("case/normal.csv", "time,a_cpu,b_cpu\n" + string.Concat(Enumerable.Range(0, 50).Select(i => $"{i},{i % 3},{i % 4}\n")));
        Write("case/anomalous.csv", "time,a_cpu,b_cpu\n90000,1,40\n90001,2,41\n90002,0,39\n");

        var analysis = RootCauseAnalysis.Run(CaseReader.ReadIncident(Path.Combine(_folder, "case")));

        analysis.Services[0].Service.ShouldBe("b");
        analysis.Onset.ShouldBeNull();
        analysis.Notes.ShouldContain(note => note.Contains("too few rows"));
    }

    [Theory]
    [InlineData("1661140279", 1661140279)]
    [InlineData("1661140279500", 1661140279.5)]
    [InlineData("1661140279000000000", 1661140279)]
    [InlineData("2022-08-22T03:51:19Z", 1661140279)]
    [InlineData("2022-08-22 03:51:19.573905004 +0000 UTC m=+0.079858984", 1661140279)]
    public void Times_are_read_as_the_data_sets_write_them(string text, double seconds) => Clock.Parse(text).ShouldBe(seconds, 1e-6);

    [Fact]
    public void Unsorted_repeated_infinite_empty_and_double_columns_are_put_right_and_named()
    {
        Write("data.csv", "time,a_cpu,a_cpu,b_cpu,c_cpu\n3,3,5,1,\n1,1,1,Infinity,\n2,2,2,1,\n2,4,4,1,\nnever,9,9,9,9\n");

        var incident = CaseReader.ReadIncident(Path.Combine(_folder, "data.csv"));

        incident.Observed.Times.ShouldBe([1, 2, 3]);
        incident.Observed.Metrics.Select(metric => metric.Service).ShouldBe(["a", "b"]);
        incident.Observed.Columns[0].ShouldBe([1, 3, 4]);
        incident.Observed.Columns[1].ShouldBe([double.NaN, 1, 1]);
        foreach (var said in new[] { "infinite", "sorted", "repeated the time", "without a readable time", "without any value", "repeated the name" })
            incident.Notes.ShouldContain(note => note.Contains(said), said);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("when,a_cpu\n1,2\n", "no column named time")]
    [InlineData("time,a_cpu\n", "no rows")]
    [InlineData("time\n1\n", "no metrics")]
    [InlineData("time,a_cpu\n1,\n2,x\n", "no value at all")]
    [InlineData("time,a_cpu\n1,2,3\n", "row 2: 3 fields")]
    [InlineData("time,a_cpu\nx,2\n", "no row with a readable time")]
    public void What_cannot_be_analysed_is_refused_with_the_reason(string text, string reason)
    {
        Write("data.csv", text);

        Should.Throw<BadInputException>(() => CaseReader.ReadIncident(Path.Combine(_folder, "data.csv"))).Message.ShouldContain(reason);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{\"target\": {\"node\": \"a\"}}")]
    [InlineData("[]")]
    public void A_target_that_is_not_of_its_form_is_refused_with_its_path(string json)
    {
        Write("issue_0/target.json", json);
        Write("issue_0/metrics.csv", "microservice,a\nmetric,latency\nstatistic,Average\nunix_timestamp,\n1681350000,1\n");

        Should.Throw<BadInputException>(() => CaseReader.ReadCases(_folder)).Message.ShouldContain("target.json");
    }

    [Fact]
    public void Another_encoding_is_refused_with_the_reason()
    {
        File.WriteAllBytes(Path.Combine(_folder, "latin.csv"), [.. "time,caf"u8, 0xE9, .. "_cpu\n1,2\n"u8]);

        Should.Throw<BadInputException>(() => CaseReader.ReadIncident(Path.Combine(_folder, "latin.csv"))).Message.ShouldContain("not UTF-8");
    }

    [Fact]
    public void One_row_an_onset_outside_and_a_missing_normal_period_are_refused_with_the_reason()
    {
        Write("one.csv", "time,a_cpu\n100,2\n");
        Write("many.csv", "time,a_cpu\n100,2\n101,2\n102,3\n");
        var one = CaseReader.ReadIncident(Path.Combine(_folder, "one.csv"));
        var many = CaseReader.ReadIncident(Path.Combine(_folder, "many.csv"));

        Should.Throw<BadInputException>(() => RootCauseAnalysis.Run(one)).Message.ShouldContain("nothing to compare");
        Should.Throw<BadInputException>(() => RootCauseAnalysis.Run(many with { Onset = 500 })).Message.ShouldContain("outside the data");
        Should.Throw<BadInputException>(() => RootCauseAnalysis.Run(many with { Onset = 100 })).Message.ShouldContain("nothing to compare");
    }

    [Fact]
    public void Ten_thousand_constant_columns_are_analysed()
    {
        var metrics = Enumerable.Range(0, 10_000).Select(i => new Metric($"s{i / 10}", $"cpu{i % 10}", MetricKind.Resource)).ToArray();
        var columns = metrics.Select((_, i) => Enumerable.Range(0, 40).Select(row => i == 77 && row >= 30 ? 9.0 : 1).ToArray()).ToArray();
        var table = new MetricTable([.. Enumerable.Range(0, 40).Select(row => (double)row)], metrics, columns);

        RootCauseAnalysis.Run(new Incident { Name = "wide", Observed = table }).Services[0].Service.ShouldBe("s7");
    }

    [Fact]
    public void A_call_graph_is_read_as_a_matrix_and_as_a_list()
    {
        Write("matrix.csv", ",a,b\na,0,1\nb,0,0\n");
        Write("list.csv", "caller,callee,weight\na,b,1\n");

        CaseReader.ReadCalls(Path.Combine(_folder, "matrix.csv")).ShouldBe([new CallEdge("a", "b")]);
        CaseReader.ReadCalls(Path.Combine(_folder, "list.csv")).ShouldBe([new CallEdge("a", "b")]);
    }

    [Theory]
    [InlineData("", null)]
    [InlineData(", \"second\": null", null)]
    [InlineData(", \"second\": {\"fault\": \"slow-disk\", \"service\": \"database\", \"metric\": \"disk\"}", "database")]
    public void A_recording_tells_its_cause_and_the_second_one_where_two_were_injected(string second, string? expected)
    {
        Write("data.csv", "time,front_latency,cart_lock-wait,front_to-cart-latency\n100,1,0,1\n101,2,5,2\n");
        Write("inject_time.txt", "101\n");
        Write("calls.csv", "caller,callee\nfront,cart\n");
        Write("truth.json", $"{{\"fault\": \"lock-contention\", \"service\": \"cart\", \"metric\": \"lock\", \"symptom\": \"front\", \"injectTime\": 101{second}}}");

        var read = RecordingReader.Read(_folder);

        read.Labelled.Service.ShouldBe("cart");
        read.Fault.ShouldBe("lock-contention");
        read.Second.ShouldBe(expected);
        read.Labelled.Incident.Observed.Metrics.ShouldContain(new Metric("cart", "latency as seen by front", MetricKind.Latency) { SeenBy = "front" });
    }

    [Theory]
    [InlineData("in-flight", true)]
    [InlineData("queue", true)]
    [InlineData("pool-used", true)]
    [InlineData("pool-wait", false)] // time lost, not work held
    [InlineData("cpu", false)]
    [InlineData("latency", false)]
    public void Work_that_is_held_at_a_time_is_told_from_what_is_used_up(string name, bool held) =>
        new Metric("cart", name, MetricKinds.FromName(name)).IsHeldWork().ShouldBe(held);

    [Theory]
    [InlineData("PodClientLatencyP90(s)", MetricKind.Latency)]
    [InlineData("PodSuccessRate(%)", MetricKind.Availability)]
    [InlineData("NodeCpuUsageRate(%)", MetricKind.Other)]
    [InlineData("error_rate", MetricKind.Errors)]
    [InlineData("requests", MetricKind.Load)]
    [InlineData("diskio", MetricKind.Resource)]
    [InlineData("socket", MetricKind.Resource)]
    [InlineData("pool-wait", MetricKind.Resource)]
    [InlineData("in-flight", MetricKind.Resource)]
    [InlineData("lock", MetricKind.Resource)]
    [InlineData("retries", MetricKind.Errors)]
    [InlineData("cache-hits", MetricKind.Availability)]
    public void The_name_of_a_metric_tells_its_kind(string name, MetricKind kind) => MetricKinds.FromName(name).ShouldBe(kind);

    private void Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
