namespace Ops.Sandbox.ShopPlan;

/// <summary>One thing that an operation does; steps run one after the other.</summary>
public abstract record Step;

/// <summary>Work for the processor, done while holding the service's one core: other requests of the process wait.</summary>
/// <param name="Microseconds">About how long, on a machine of today.</param>
public sealed record Compute(int Microseconds) : Step;

/// <summary>A request to another service, through a bounded pool of connections, with a time limit and retries.</summary>
public sealed record Call(string Service, string Operation) : Step;

/// <summary>Calls at the same time; the slowest decides.</summary>
public sealed record Together(params Call[] Calls) : Step;

/// <summary>A value from the service's own cache; a miss does the steps below.</summary>
/// <param name="Keys">How many different values are asked for.</param>
/// <param name="Otherwise">What a miss costs.</param>
public sealed record Cached(int Keys, params Step[] Otherwise) : Step;

/// <summary>Bytes appended to the service's log on disk and flushed; one writer at a time.</summary>
public sealed record Write(int Bytes) : Step;

/// <summary>Steps that only one request of the process does at a time.</summary>
public sealed record Locked(params Step[] Inside) : Step;

/// <summary>A short wait that costs nothing: a device or a third party outside the shop.</summary>
public sealed record Await(int Milliseconds) : Step;

/// <summary>What a service offers under one name.</summary>
/// <param name="Name">Last part of the path.</param>
/// <param name="Steps">What it does.</param>
public sealed record Operation(string Name, params Step[] Steps);

/// <summary>An operation that a service does by itself, over and over.</summary>
/// <param name="Operation">Which of its operations.</param>
/// <param name="EveryMilliseconds">Pause between two runs.</param>
public sealed record Job(string Operation, int EveryMilliseconds);

/// <summary>One service of the shop.</summary>
/// <param name="Name">Name of its Service and Deployment.</param>
/// <param name="Summary">For people.</param>
/// <param name="Workers">Requests that it works on at a time; the others wait.</param>
/// <param name="Connections">Connections that it may hold to each service that it calls.</param>
/// <param name="Operations">What it offers.</param>
public sealed record ServicePlan(string Name, string Summary, int Workers, int Connections, params Operation[] Operations)
{
    /// <summary>Requests that may wait for a worker; above it 503. Twice the users of the default load: none is refused in normal times.</summary>
    public int MaxWaiting { get; init; } = 40;

    /// <summary>What it does without being asked; null for nothing.</summary>
    public Job? Job { get; init; }

    /// <summary>Services that it calls, in the order of its operations.</summary>
    public IReadOnlyList<string> Callees => [.. Steps.OfType<Call>().Select(call => call.Service).Distinct()];

    /// <summary>Whether any of its operations has a step of a kind.</summary>
    public bool Has<T>()
        where T : Step => Steps.OfType<T>().Any();

    /// <summary>Every step of its operations, those inside others too.</summary>
    public IEnumerable<Step> Steps => Operations.SelectMany(operation => Within(operation.Steps));

    private static IEnumerable<Step> Within(IEnumerable<Step> steps) => steps.SelectMany(step => Within(step switch
    {
        Together together => together.Calls,
        Cached cached => cached.Otherwise,
        Locked locked => locked.Inside,
        _ => Enumerable.Empty<Step>(),
    }).Prepend(step));
}
