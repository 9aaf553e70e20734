namespace Ops.Hosting;

/// <summary>A process's arguments, all of the form --name value.</summary>
public static class Arguments
{
    /// <summary>Reads them.</summary>
    /// <param name="args">As the process got them.</param>
    /// <param name="names">The names that there are, with their dashes.</param>
    /// <param name="values">By name; of a name that comes twice the last.</param>
    /// <returns>What is wrong, as one sentence; empty when nothing is.</returns>
    public static string Read(IReadOnlyList<string> args, IReadOnlyList<string> names, out Dictionary<string, string> values)
    {
        values = [];
        for (var i = 0; i < args.Count; i += 2)
        {
            if (!names.Contains(args[i]))
                return $"unknown argument {args[i]}";
            if (i + 1 == args.Count)
                return $"{args[i]} needs a value";
            values[args[i]] = args[i + 1];
        }

        return "";
    }

    /// <summary>
    /// What a process calls itself among the candidates for a lease. A restarted container keeps the pod's name; the random
    /// part keeps it from taking its own old lease for granted.
    /// </summary>
    /// <param name="environment">Gives an environment variable or null.</param>
    public static string Identity(Func<string, string?> environment) => $"{environment("POD_NAME") ?? Environment.MachineName}_{Guid.NewGuid().ToString("N")[..8]}";
}
