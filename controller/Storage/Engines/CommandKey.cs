namespace Ops.Storage.Engines;

/// <summary>Finds the first key of a command, which decides its slot.</summary>
internal static class CommandKey
{
    // Commands without a key, and those that a move of slots runs by itself.
    private static readonly HashSet<string> Keyless = new(StringComparer.OrdinalIgnoreCase)
    {
        "ACL", "ASKING", "AUTH", "BGREWRITEAOF", "BGSAVE", "CLIENT", "CLUSTER", "COMMAND", "CONFIG", "DBSIZE", "DEBUG", "DISCARD",
        "ECHO", "EXEC", "FAILOVER", "FLUSHALL", "FLUSHDB", "FUNCTION", "HELLO", "INFO", "KEYS", "LATENCY", "MIGRATE", "MODULE",
        "MONITOR", "MULTI", "PING", "PSUBSCRIBE", "PSYNC", "PUBLISH", "PUBSUB", "QUIT", "RANDOMKEY", "READONLY", "READWRITE",
        "REPLCONF", "RESTORE-ASKING", "ROLE", "SAVE", "SCAN", "SCRIPT", "SELECT", "SLOWLOG", "SUBSCRIBE", "SYNC", "TIME",
        "UNSUBSCRIBE", "UNWATCH", "WAIT", "WAITAOF",
    };

    /// <summary>The first key of a command; null when it has none, or one that was cut off.</summary>
    /// <param name="words">The command's words, as SLOWLOG GET writes them: at most 32, each at most 128 characters.</param>
    internal static string? Of(IReadOnlyList<string> words)
    {
        if (words.Count == 0 || Keyless.Contains(words[0]))
            return null;
        var index = Index(words);
        return index > 0 && index < words.Count && !words[index].EndsWith(" more bytes)", StringComparison.Ordinal) ? words[index] : null;
    }

    private static int Index(IReadOnlyList<string> words) => words[0].ToUpperInvariant() switch
    {
        // EVAL script 1 key, BLMPOP timeout 1 key.
        "EVAL" or "EVALSHA" or "EVAL_RO" or "EVALSHA_RO" or "FCALL" or "FCALL_RO" or "BLMPOP" or "BZMPOP" => 3,
        // OBJECT FREQ key, BITOP AND key, ZUNION 2 key key.
        "OBJECT" or "MEMORY" or "XINFO" or "XGROUP" or "BITOP" or "ZUNION" or "ZINTER" or "ZDIFF" or "SINTERCARD" or "ZINTERCARD" or "LMPOP" or "ZMPOP" => 2,
        "XREAD" or "XREADGROUP" => words.ToList().FindIndex(word => word.Equals("STREAMS", StringComparison.OrdinalIgnoreCase)) + 1,
        _ => 1,
    };
}
