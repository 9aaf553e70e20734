using System.CommandLine;
using Ops.Rca;
using Ops.Rca.Reading;
using Ops.Rca.Sources;
using Ops.Rca.Tool;

// ./ops rca: one incident gives ranked causes; a folder of labelled incidents gives the accuracy of the methods.
var path = new Argument<string?>("path") { Arity = ArgumentArity.ZeroOrOne, Description = "A CSV file or the folder of one case (RCAEval, PetShop), or a folder of labelled cases (RCAEval, PetShop, Nezha)" };
var onset = new Option<string?>("--onset") { Description = "When the incident began: seconds since 1970 or 2026-01-31T12:00:00Z. Default: what the case tells, else the change point of the metrics" };
var symptom = new Option<string?>("--symptom") { Description = "The service at which the incident was noticed" };
var graph = new Option<string?>("--graph") { Description = "CSV of calls: a list with a header (caller, callee), or an adjacency matrix (row calls column)" };
var method = new Option<string?>("--method") { Description = $"One of {string.Join(", ", RootCauseAnalysis.Methods.Select(known => known.Name))}. Default: {RootCauseAnalysis.Methods[0].Name}; for a folder of cases all of them" };
var json = new Option<FileInfo?>("--json") { Description = "Also write the result to this file" };
var svg = new Option<FileInfo?>("--svg") { Description = "Also draw the causal graph and the metrics' timelines into this file; one incident only" };
var root = new RootCommand("Finds the cause of an incident from metrics") { path, onset, symptom, graph, method, json, svg };
var prometheus = PrometheusVerb.AddTo(root);
root.SetAction(async (parsed, cancellation) =>
{
    try
    {
        var chosen = parsed.GetValue(method) is not { } name ? null
            : RootCauseAnalysis.Methods.FirstOrDefault(known => known.Name == name) ?? throw new BadInputException($"There is no method {name}. See --help for their names.");
        var source = parsed.GetValue(path);
        if (await prometheus.ReadAsync(parsed, source is not null, TimeProvider.System, cancellation) is { } read)
        {
            IncidentReport.Run(Told(read, parsed), chosen, parsed.GetValue(json), parsed.GetValue(svg));
            return 0;
        }

        if (source is null)
            throw new BadInputException("Nothing to analyse: give a file or folder, or --prometheus URL. See --help.");
        var cases = Directory.Exists(source) && !PetShopReader.IsCase(source) && !RcaEvalReader.IsCase(source) ? CaseReader.ReadCases(source) : [];
        if (cases.Count > 0 && parsed.GetValue(svg) is not null)
            throw new BadInputException($"--svg draws one incident; {source} holds {cases.Count} cases.");
        if (cases.Count > 0)
            FolderReport.Run(cases, chosen, parsed.GetValue(json));
        else
            IncidentReport.Run(Told(CaseReader.ReadIncident(source), parsed), chosen, parsed.GetValue(json), parsed.GetValue(svg));
        return 0;
    }
    catch (Exception e) when (e is BadInputException or SourceException or IOException or UnauthorizedAccessException)
    {
        Console.Error.WriteLine($"rca: {e.Message}");
        return 2;
    }
});
return await root.Parse(args).InvokeAsync();

// What the command line tells goes before what the case tells.
Incident Told(Incident incident, ParseResult parsed)
{
    if (parsed.GetValue(onset) is { } text)
        incident = incident with { Onset = CaseReader.ReadTime(text) };
    if (parsed.GetValue(graph) is { } file)
        incident = incident with { Calls = CaseReader.ReadCalls(file) };
    return parsed.GetValue(symptom) is { } service ? incident with { Symptom = service } : incident;
}
