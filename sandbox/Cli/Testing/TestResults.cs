using System.Xml;
using System.Xml.Linq;

namespace Ops.Cli.Testing;

/// <summary>A test that failed, or a clean-up that did.</summary>
internal sealed record TestFailure(string Name, string Message, string StackTrace);

/// <summary>A test that did not run, and why.</summary>
internal sealed record TestSkip(string Name, string Reason);

/// <summary>What one test executable reported.</summary>
internal sealed record TestResults(int Passed, IReadOnlyList<TestFailure> Failures, IReadOnlyList<TestSkip> Skips)
{
    /// <summary>Reads xunit's XML report; null when it is missing or cut off, that is when the process died.</summary>
    public static TestResults? Read(string file)
    {
        try
        {
            return Parse(XDocument.Load(file));
        }
        catch (Exception error) when (error is IOException or XmlException)
        {
            return null;
        }
    }

    /// <summary>Reads xunit's XML report: assemblies/assembly/collection/test, and errors of fixtures beside them.</summary>
    internal static TestResults Parse(XDocument document)
    {
        var tests = document.Descendants("test").ToList();
        var failures = tests.Where(test => Result(test) == "Fail").Select(test => Failure(test, Text(test, "name")))
            .Concat(document.Descendants("error").Select(error => Failure(error, $"{Text(error, "type")} {Text(error, "name")}".Trim())));
        var skips = tests.Where(test => Result(test) is "Skip" or "NotRun")
            .Select(test => new TestSkip(Text(test, "name"), test.Element("reason")?.Value.Trim() ?? "no reason given"));
        return new TestResults(tests.Count(test => Result(test) == "Pass"), [.. failures], [.. skips]);
    }

    private static string? Result(XElement test) => (string?)test.Attribute("result");

    private static TestFailure Failure(XElement holder, string name) => new(
        name,
        holder.Element("failure")?.Element("message")is { } message ? Unescape(message.Value.Trim()) : "failed without a message",
        holder.Element("failure")?.Element("stack-trace")?.Value.TrimEnd() ?? "");

    // The report writes quotes and backslashes of a message with a backslash before them.
    private static string Unescape(string text) =>
        text.Replace("\\\"", "\"", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal);

    private static string Text(XElement element, string attribute) => Unescape((string?)element.Attribute(attribute) ?? "");
}
