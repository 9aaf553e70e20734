using Ops.Storage.Cluster;
using StackExchange.Redis;

namespace Ops.Storage.Engines;

/// <summary>A connection to one node that asks it for no other.</summary>
internal static class NodeOptions
{
    internal static ConfigurationOptions Of(StoreAddress address, string? password, TimeSpan answerWithin) => new()
    {
        AllowAdmin = true,
        // One try: what failed is told at once, and a refused password as such.
        ConnectRetry = 0,
        ConnectTimeout = (int)answerWithin.TotalMilliseconds,
        AsyncTimeout = (int)answerWithin.TotalMilliseconds,
        Protocol = RedisProtocol.Resp2,
        CommandMap = CommandMap.Create(["CLUSTER", "SUBSCRIBE"], available: false),
        TieBreaker = "",
        ConfigurationChannel = "",
        Password = password,
        EndPoints = { { address.Host, address.Port } },
    };
}
