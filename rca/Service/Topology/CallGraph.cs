namespace Ops.Rca.Service.Topology;

/// <summary>Who calls whom, and what follows: who is upstream of whom, and who has nothing to do with each other.</summary>
internal sealed class CallGraph
{
    private readonly Dictionary<string, HashSet<string>> callees = [];
    private readonly Dictionary<string, HashSet<string>> neighbours = [];
    private readonly Dictionary<string, HashSet<string>> below = [];
    private readonly Dictionary<string, int> islands = [];

    public CallGraph(IReadOnlyList<CallEdge> calls)
    {
        Calls = calls;
        foreach (var (caller, callee) in calls)
        {
            Add(callees, caller, callee);
            Add(neighbours, caller, callee);
            Add(neighbours, callee, caller);
        }

        foreach (var service in neighbours.Keys)
            if (!islands.ContainsKey(service))
            {
                var number = islands.Count;
                foreach (var member in Reach(neighbours, service).Append(service))
                    islands[member] = number;
            }
    }

    /// <summary>A graph that knows nothing.</summary>
    public static CallGraph Empty { get; } = new([]);

    /// <summary>The calls that it was made from.</summary>
    public IReadOnlyList<CallEdge> Calls { get; }

    /// <summary>Whether one calls another, itself or through others.</summary>
    public bool IsUpstream(string caller, string callee)
    {
        if (!below.TryGetValue(caller, out var reached))
            below[caller] = reached = Reach(callees, caller);
        return reached.Contains(callee);
    }

    /// <summary>
    /// Whether two services can be part of one incident at all: calls connect them. A service that no call names may be
    /// connected to any other, as far as anybody knows.
    /// </summary>
    public bool AreConnected(string one, string other) =>
        one == other || !islands.TryGetValue(one, out var first) || !islands.TryGetValue(other, out var second) || first == second;

    private static HashSet<string> Reach(Dictionary<string, HashSet<string>> edges, string start)
    {
        var reached = new HashSet<string>();
        var waiting = new Stack<string>([start]);
        while (waiting.TryPop(out var service))
            foreach (var next in edges.GetValueOrDefault(service) ?? [])
                if (reached.Add(next))
                    waiting.Push(next);
        return reached;
    }

    private static void Add(Dictionary<string, HashSet<string>> edges, string from, string to)
    {
        if (!edges.TryGetValue(from, out var set))
            edges[from] = set = [];
        set.Add(to);
    }
}
