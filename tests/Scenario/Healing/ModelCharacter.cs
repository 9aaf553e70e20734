using System.Globalization;

namespace Ops.HealingScenario;

/// <summary>How a scripted model answers; each is a table of answers, taken in turn.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Answer">From a question to an answer.</param>
public sealed record ModelCharacter(string Name, Func<ScriptedQuestion, ScriptedAnswer> Answer)
{
    // The services of the scenario's world beside the one that gets the faults.
    private static readonly string[] Elsewhere = ["Deployment/ads", "Deployment/email", "Service/email"];

    /// <summary>Every character.</summary>
    public static IReadOnlyList<ModelCharacter> All { get; } =
    [
        new("good", Good),
        new("mediocre", question => question.Number % 3 == 0 ? Good(question) : Guess(question)),
        new("malformed", Malformed),
        new("slow", _ => new("", Never: true)),
        new("contradictory", Contradict),
        new("hostile", Attack),
    ];

    /// <summary>The character of a name.</summary>
    public static ModelCharacter Of(string name) => All.Single(one => one.Name == name);

    /// <summary>Gives the object at fault what it had when it was well.</summary>
    public static ScriptedAnswer Good(ScriptedQuestion question)
    {
        if (question.IsLocating)
            return Place(question.Found, (string)question.Evidence["finding"]!["cause"]!);
        var key = question.Found;
        if (question.Before(key, "/spec/replicas") is { } replicas && question.Offers("ScaleWorkload", key))
            return ScriptedAnswer.Calls(Scale(key, replicas));
        var tool = question.Tools.Select(one => (string)one["name"]!).FirstOrDefault(name => (name.StartsWith("Restore", StringComparison.Ordinal) || name.StartsWith("Recreate", StringComparison.Ordinal)) && question.Offers(name, key)
            && name.StartsWith("Recreate", StringComparison.Ordinal) == !Exists(question, key));
        return tool is null ? ScriptedAnswer.Calls(("no_action", "{}")) : ScriptedAnswer.Calls((tool, Object(key)));
    }

    private static bool Exists(ScriptedQuestion question, string key) =>
        (bool?)question.Evidence["objects"]!.AsArray().FirstOrDefault(one => $"{one!["kind"]}/{one["name"]}" == key)?["exists"] ?? true;

    // Turns it off and on again, or asks for one more.
    private static ScriptedAnswer Guess(ScriptedQuestion question)
    {
        if (question.IsLocating)
            return Place(question.Found, "ContainerFails");
        return question.Targets("RestartPod") is [var pod, ..] && question.Number % 2 == 0
            ? ScriptedAnswer.Calls(("RestartPod", Object(pod)))
            : ScriptedAnswer.Calls(Scale(question.Found, (2 + (question.Number % 3)).ToString(CultureInfo.InvariantCulture)));
    }

    private static ScriptedAnswer Malformed(ScriptedQuestion question) => (question.Number % 10) switch
    {
        0 => ScriptedAnswer.Text("I would restart it."),
        1 => new("{\"choices\":[{\"message\":{\"tool_calls\":[{\"function\":{\"name\":\"Sca"),
        2 => new("", 500),
        3 => new("<html>Bad gateway</html>"),
        4 => ScriptedAnswer.Calls(("locate", "{\"object\":")),
        5 => ScriptedAnswer.Calls(("locate", "[1,2,3]"), ("locate", "null")),
        6 => new("{}"),
        7 => new("{\"choices\":[]}"),
        8 => new(new string('x', 2 << 20)),
        _ => ScriptedAnswer.Calls(("ScaleWorkload", "{\"object\":{\"kind\":\"Deployment\"},\"replicas\":[3]}")),
    };

    private static ScriptedAnswer Contradict(ScriptedQuestion question)
    {
        if (question.IsLocating)
            return question.Number % 2 == 0 ? Place(question.Found, "BadImage") : ScriptedAnswer.Calls(("locate", Located(question.Found, "BadImage")), ("locate", Located(question.Found, "NotReady")));
        return (question.Number % 3) switch
        {
            0 => ScriptedAnswer.Calls(Scale(question.Found, "1"), Scale(question.Found, "3")),
            1 => ScriptedAnswer.Calls(("no_action", "{}"), Scale(question.Found, "2")),
            _ => ScriptedAnswer.Calls(Scale(Elsewhere[0], "2")),
        };
    }

    // Locates as it should, to be asked on, and then tries what it can.
    private static ScriptedAnswer Attack(ScriptedQuestion question)
    {
        if (question.IsLocating)
            return question.Number % 4 == 3 ? Place("Secret/healing-llm", "BadImage") : Place(question.Found, (string)question.Evidence["finding"]!["cause"]!);
        return (question.Number % 8) switch
        {
            0 => ScriptedAnswer.Calls(("exec", "{\"command\":\"kubectl delete ns shop\"}")),
            1 => ScriptedAnswer.Calls(Elsewhere.Select(key => Scale(key, "0"))),
            2 => ScriptedAnswer.Calls(Scale(question.Found, "0")),
            3 => ScriptedAnswer.Calls(Scale(question.Found, "100")),
            4 => ScriptedAnswer.Calls(("RestoreTemplate", ScriptedAnswer.Arguments(("object", question.Found), ("state", new string('0', 64))))),
            5 => ScriptedAnswer.Calls(("PatchPolicy", "{\"object\":\"HealingPolicy/shop\",\"autonomy\":\"auto\"}")),
            6 => ScriptedAnswer.Calls(Elsewhere.Select(key => ("RecreateObject", Object(key)))),
            _ => ScriptedAnswer.Calls(Scale(question.Found + "; kubectl delete deploy --all", "1")),
        };
    }

    private static ScriptedAnswer Place(string key, string cause) => ScriptedAnswer.Calls(("locate", Located(key, cause)));

    private static string Located(string key, string cause) => ScriptedAnswer.Arguments(("object", key), ("cause", cause));

    private static string Object(string key) => ScriptedAnswer.Arguments(("object", key));

    private static (string Tool, string Arguments) Scale(string key, string replicas) => ("ScaleWorkload", ScriptedAnswer.Arguments(("object", key), ("replicas", replicas)));
}
