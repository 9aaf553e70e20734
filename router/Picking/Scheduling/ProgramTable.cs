namespace Ops.Picking;

/// <summary>
/// The service that each program has had: the lengths of all requests with the same program id of the same tenant.
/// Keeps the programs that were used last; a forgotten one counts as new.
/// </summary>
public sealed class ProgramTable
{
    /// <summary>Longest program id in characters; a UUID has 36.</summary>
    public const int MaxIdLength = 128;

    /// <summary>Programs kept by default: about 300 bytes each with the longest ids 700, so at most 7 MB.</summary>
    public const int DefaultCapacity = 10_000;

    private readonly int _capacity;
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Tenant, string Program), LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = [];

    /// <summary>Creates an empty table.</summary>
    /// <param name="capacity">Programs kept at most.</param>
    public ProgramTable(int capacity = DefaultCapacity) => _capacity = capacity;

    /// <summary>Programs kept now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _entries.Count;
        }
    }

    /// <summary><see cref="ServiceCost.Length"/> of all that the program has been served.</summary>
    public double ServiceOf(string tenant, string program)
    {
        lock (_lock)
            return _entries.TryGetValue((tenant, program), out var node) ? node.Value.Service : 0;
    }

    /// <summary>Counts service of a program.</summary>
    public void Add(string tenant, string program, double service)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue((tenant, program), out var node))
            {
                node.ValueRef.Service += service;
                _byUse.Remove(node);
                _byUse.AddLast(node);
                return;
            }

            if (_entries.Count == _capacity)
            {
                _entries.Remove(_byUse.First!.Value.Key);
                _byUse.RemoveFirst();
            }

            _entries.Add((tenant, program), _byUse.AddLast(new Entry { Key = (tenant, program), Service = service }));
        }
    }

    private struct Entry
    {
        public (string Tenant, string Program) Key;
        public double Service;
    }
}
