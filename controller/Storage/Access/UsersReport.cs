using System.Collections.Immutable;

namespace Ops.Storage.Access;

/// <summary>What a look at the users of a store's nodes found, after its changes.</summary>
/// <param name="Asked">The nodes that told their users.</param>
/// <param name="InForce">By each name that was wanted, how many of these have the user as it shall be.</param>
/// <param name="Refused">By name, the engine's words for why it did not take a user.</param>
/// <param name="Given">Users that were given, counted by node.</param>
/// <param name="Removed">Users that were removed, counted by node.</param>
public sealed record UsersReport(ImmutableHashSet<string> Asked, ImmutableDictionary<string, int> InForce, ImmutableDictionary<string, string> Refused, int Given, int Removed);
