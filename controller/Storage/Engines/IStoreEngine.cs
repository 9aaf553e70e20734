using System.Collections.Immutable;
using Ops.Storage.Access;
using Ops.Storage.Cluster;
using Ops.Storage.Load;
using Ops.Storage.Planning;

namespace Ops.Storage.Engines;

/// <summary>A store engine at work. It observes and obeys; what to do is the planner's decision.</summary>
public interface IStoreEngine : IAsyncDisposable
{
    /// <summary>
    /// Sees to it that every member that answers takes the passwords, and uses them from then on. Safe to call before every
    /// observation.
    /// </summary>
    /// <param name="members">Member name and present address; the default address for a member that has none now.</param>
    /// <param name="passwords">The passwords.</param>
    /// <param name="cancellation">Breaks off between two commands; the call can be repeated.</param>
    /// <returns>Members that refuse every one of them; null when that was not looked at now.</returns>
    Task<IReadOnlyList<string>?> KeepAccessAsync(ImmutableSortedDictionary<string, StoreAddress> members, StorePasswords passwords, CancellationToken cancellation) =>
        throw new NotSupportedException("this engine has no passwords");

    /// <summary>
    /// Uses TLS from then on, and sees to it that the members read their certificate again when it changed. Safe to call
    /// before every observation.
    /// </summary>
    /// <param name="members">Member name and present address; the default address for a member that has none now.</param>
    /// <param name="trust">Whom to trust, and what the nodes shall present.</param>
    /// <param name="cancellation">Breaks off between two commands; the call can be repeated.</param>
    /// <returns>Members that present another certificate for too long; null when that was not looked at now.</returns>
    Task<IReadOnlyList<string>?> KeepTrustAsync(ImmutableSortedDictionary<string, StoreAddress> members, StoreTrust trust, CancellationToken cancellation) =>
        throw new NotSupportedException("this engine has no TLS");

    /// <summary>
    /// Sees to it that the nodes have these users as they are here and, beside that of <see cref="KeepAccessAsync"/>, no others.
    /// Safe to call after every observation.
    /// </summary>
    /// <param name="view">The observation; nodes that are not in it are not looked at.</param>
    /// <param name="users">All users that there shall be.</param>
    /// <param name="cancellation">Breaks off between two commands; the call can be repeated.</param>
    /// <returns>What was found; null when that was not looked at now.</returns>
    Task<UsersReport?> KeepUsersAsync(StoreView view, IReadOnlyCollection<StoreUser> users, CancellationToken cancellation) =>
        throw new NotSupportedException("this engine has no users");

    /// <summary>
    /// Asks every member what it is and what it knows. A member that does not answer in time is left out. How long it has
    /// been silent is counted from the first question that it did not answer; an answer that comes late ends the silence too.
    /// </summary>
    /// <param name="members">Member name and present address; the default address for a member that has none now.</param>
    /// <param name="answerWithin">How long all answers are waited for, at most <see cref="StoreGoal.LongestAnswer"/>.</param>
    /// <param name="cancellation">Ends the observation.</param>
    Task<StoreView> ObserveAsync(ImmutableSortedDictionary<string, StoreAddress> members, TimeSpan answerWithin, CancellationToken cancellation);

    /// <summary>
    /// Learns how much each slot is used. Takes up to a second, so nothing waits for it; one call at a time.
    /// </summary>
    /// <param name="view">The observation whose primaries are asked.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The load since the last call; null on the first, and always for an engine that cannot tell.</returns>
    /// <exception cref="StoreEngineException">A node did not answer.</exception>
    Task<LoadSample?> SampleLoadAsync(StoreView view, CancellationToken cancellation) => Task.FromResult<LoadSample?>(null);

    /// <summary>
    /// Copies keys of a node that belongs to no cluster to their owners, with their times to live, for about half a second.
    /// A key that its owner has already stays as it is there, so it can be repeated.
    /// </summary>
    /// <param name="from">The node; it takes the store's password.</param>
    /// <param name="cursor">Where the last call ended; 0 begins.</param>
    /// <param name="view">The observation whose primaries get the keys; every slot has one.</param>
    /// <param name="cancellation">Breaks off between two commands.</param>
    /// <returns>Where to go on, 0 at the end, and how many keys were read.</returns>
    /// <exception cref="StoreEngineException">A node refused or did not answer; the call can be repeated.</exception>
    Task<(long Cursor, long Keys)> CopyKeysAsync(StoreAddress from, long cursor, StoreView view, CancellationToken cancellation) =>
        throw new NotSupportedException("this engine copies no keys");

    /// <summary>Carries out one step.</summary>
    /// <param name="step">A step of a plan that was made from <paramref name="view"/>.</param>
    /// <param name="view">The observation.</param>
    /// <param name="cancellation">Breaks off between two commands; the step can be repeated.</param>
    /// <exception cref="StoreEngineException">The engine refused, or did not answer; the message has its words.</exception>
    Task ExecuteAsync(StoreStep step, StoreView view, CancellationToken cancellation);
}

/// <summary>The engine refused a command or did not answer.</summary>
public sealed class StoreEngineException : Exception
{
    /// <summary>Creates one without words.</summary>
    public StoreEngineException()
    {
    }

    /// <summary>Creates one.</summary>
    public StoreEngineException(string message)
        : base(message)
    {
    }

    /// <summary>Creates one with its cause.</summary>
    public StoreEngineException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
