using System.Diagnostics;

namespace Ops.Rca;

/// <summary>One case as one method answered it.</summary>
/// <param name="Case">Its name.</param>
/// <param name="Truth">The service at fault.</param>
/// <param name="Place">First and last place of the services that share the truth's score.</param>
/// <param name="MetricPlace">The same at metric level; null where the truth names no metric.</param>
/// <param name="Top">The service named first.</param>
/// <param name="Seconds">Time of the analysis, reading not counted.</param>
public sealed record Answer(string Case, string Truth, (int First, int Last) Place, (int First, int Last)? MetricPlace, string Top, double Seconds);

/// <summary>A method over a set of cases.</summary>
/// <param name="Method">Name of the method.</param>
/// <param name="Answers">One a case.</param>
/// <param name="Service">Accuracy at service level.</param>
/// <param name="Metric">Accuracy at metric level.</param>
/// <param name="SecondsPerCase">Mean seconds a case, reading not counted.</param>
public sealed record Evaluation(string Method, IReadOnlyList<Answer> Answers, Accuracy Service, Accuracy Metric, double SecondsPerCase)
{
    /// <summary>Runs a method over cases.</summary>
    public static Evaluation Of(IMethod method, IReadOnlyList<LabelledIncident> cases)
    {
        var answers = cases.Select(labelled => Ask(method, labelled)).ToArray();
        return new Evaluation(
            method.Name,
            answers,
            Accuracy.From([.. answers.Select(answer => answer.Place)]),
            Accuracy.From([.. answers.Where(answer => answer.MetricPlace is not null).Select(answer => answer.MetricPlace!.Value)]),
            answers.Select(answer => answer.Seconds).DefaultIfEmpty(double.NaN).Average());
    }

    private static Answer Ask(IMethod method, LabelledIncident labelled)
    {
        // Everything runs on the calling thread, and the process's own processor clock ticks too coarsely for one case.
        var watch = Stopwatch.StartNew();
        var analysis = RootCauseAnalysis.Run(labelled.Incident, method);
        watch.Stop();
        return new Answer(
            labelled.Incident.Name,
            labelled.Service,
            Accuracy.PlaceOfService(analysis, labelled.Service),
            labelled.MetricPrefix is { } prefix ? Accuracy.PlaceOfMetric(analysis, labelled.Service, prefix) : null,
            analysis.Services[0].Service,
            watch.Elapsed.TotalSeconds);
    }
}
