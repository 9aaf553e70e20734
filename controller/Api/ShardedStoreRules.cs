namespace Ops.Api;

/// <summary>
/// What a schema cannot say about a ShardedStore: each rule as CEL for the API server and as C# for the operator, because
/// servers before 1.25 drop CEL rules. A test holds the two against each other. What compares with the stored object
/// (engine, storage, auth, tls) has no twin here: the operator does not see the object before the change, and a StatefulSet refuses
/// another volume by itself.
/// </summary>
public static class ShardedStoreRules
{
    /// <summary>Fewest shards of an engine whose primaries elect: of two, none is a majority.</summary>
    public const int MinElectingShards = 3;

    /// <summary>Shortest spec.failover.after: below it a busy machine looks like a dead one.</summary>
    public static readonly TimeSpan ShortestAfter = TimeSpan.FromMilliseconds(500);

    /// <summary>Shortest spec.rebalancing.replicaMigration.after.</summary>
    public static readonly TimeSpan ShortestMigrationAfter = TimeSpan.FromSeconds(10);

    internal const string NameRule = ModelPoolRules.NameRule;
    internal const string NameMessage =
        "metadata.name must start with a letter, have only a-z, 0-9 and '-' and at most 45 characters, because the store's Service takes the same name; choose another name";

    // Fields with a schema default are always present when CEL runs, so these rules need no has() for them.
    internal const string MinShardsRule = "self.engine.type == 'garnet' || self.shards >= 3";
    internal const string MinShardsMessage =
        "spec.shards must be at least 3 with the engines valkey and redis, whose primaries elect by majority; raise spec.shards (default 3)";

    internal const string DurabilityRule = "self.durability.minReplicasToWrite <= self.replicasPerShard";
    internal const string DurabilityMessage =
        "spec.durability.minReplicasToWrite must not be above spec.replicasPerShard, or no write would ever be taken; raise replicasPerShard (default 1) or lower minReplicasToWrite";

    internal const string EngineKeptRule = "self.engine.type == oldSelf.engine.type";
    internal const string EngineKeptMessage =
        "spec.engine.type cannot change, since another engine does not read the volumes; make a second store and copy the data";

    internal const string StorageKeptRule = "self.storage == oldSelf.storage";
    internal const string StorageKeptMessage =
        "spec.storage cannot change, since volumes neither shrink nor move; make a second store and copy the data";

    internal const string AuthKeptRule = "has(self.auth) == has(oldSelf.auth)";
    internal const string AuthKeptMessage =
        "spec.auth is given when a store is made and can be neither added nor removed later; make a second store and copy the data";

    internal const string AuthEngineRule = "self.engine.type != 'garnet' || !has(self.auth)";
    internal const string AuthEngineMessage =
        "spec.auth needs the engine valkey or redis; remove it, or choose one of these";

    internal const string UsersEngineRule = "self.engine.type != 'garnet' || !has(self.users)";
    internal const string UsersEngineMessage =
        "spec.users needs the engine valkey or redis, since garnet has no rights by key or channel; remove it, or choose one of these";

    internal const string UsersAuthRule = "!has(self.users) || has(self.auth)";
    internal const string UsersAuthMessage =
        "spec.users needs spec.auth, since in a store without a password whoever names no user may do everything; remove it, or make a store with spec.auth";

    internal const string UserNameRule = "!has(self.users) || self.users.all(user, user.name != 'default')";
    internal const string UserNameMessage =
        "spec.users must not have the name default, which is the user of the nodes, the operator and spec.auth; choose another name";

    internal const string TlsKeptRule = "has(self.tls) == has(oldSelf.tls)";
    internal const string TlsKeptMessage =
        "spec.tls is given when a store is made and can be neither added nor removed later, since nodes with and without it do not reach each other; make a second store and copy the data";

    internal const string TlsEngineRule = "self.engine.type != 'garnet' || !has(self.tls)";
    internal const string TlsEngineMessage =
        "spec.tls needs the engine valkey or redis; remove it, or choose one of these";

    internal const string RestoreKeptRule = "!has(oldSelf.restoreFrom) || (has(self.restoreFrom) && self.restoreFrom == oldSelf.restoreFrom)";
    internal const string RestoreKeptMessage =
        "spec.restoreFrom cannot change, since a store begins only once; make another store";

    internal const string BackupEngineRule = "self.engine.type != 'garnet' || !(has(self.backup) || has(self.restoreFrom))";
    internal const string BackupEngineMessage =
        "spec.backup and spec.restoreFrom need the engine valkey or redis; remove them, or choose one of these";

    internal const string WaitEngineRule = "self.engine.type != 'garnet' || self.durability.minReplicasToWrite == 0";
    internal const string WaitEngineMessage =
        "spec.durability.minReplicasToWrite needs the engine valkey or redis, since garnet has no WAIT and cannot promise it; set it to 0, or choose one of these";

    internal const string MemoryEngineRule = "self.engine.type == 'garnet' || !has(self.engine.memoryMiB)";
    internal const string MemoryEngineMessage =
        "spec.engine.memoryMiB needs the engine garnet, since valkey and redis hold all keys in memory; remove it";

    internal const string MigrationEngineRule = "self.engine.type != 'garnet' || self.rebalancing.replicaMigration.mode == 'off'";
    internal const string MigrationEngineMessage =
        "spec.rebalancing.replicaMigration.mode needs the engine valkey or redis, since a replica of garnet cannot change its primary (CLUSTER REPLICATE: I am already replica); set it to off, or choose one of these";

    internal const string MigrationSpareRule =
        "self.rebalancing.replicaMigration.mode == 'off' || (self.rebalancing.replicaMigration.barrier < self.replicasPerShard && self.durability.minReplicasToWrite < self.replicasPerShard)";
    internal const string MigrationSpareMessage =
        "spec.rebalancing.replicaMigration.mode reads needs spec.replicasPerShard above its barrier (default 1) and above spec.durability.minReplicasToWrite, or no shard ever has a replica to lend; raise replicasPerShard (default 1), or set the mode to off";

    internal const string MigrationAfterRule = "duration(self.rebalancing.replicaMigration.after) >= duration('10s')";
    internal const string MigrationAfterMessage =
        "spec.rebalancing.replicaMigration.after must be at least 10s, or a burst copies a shard; raise it, or remove it to get its default 5m";

    internal const string AfterRule = "duration(self.failover.after) >= duration('500ms')";
    internal const string AfterMessage =
        "spec.failover.after must be at least 500ms, or a busy machine counts as a dead one; raise it, or remove it to get its default 2s";

    /// <summary>Every broken rule as the sentence that a user reads; empty when all hold.</summary>
    /// <param name="store">A store that passed its schema.</param>
    public static IEnumerable<string> Broken(ShardedStore store)
    {
        var (name, spec) = (store.Metadata.Name ?? "", store.Spec);
        if (name.Length > ModelPoolRules.MaxNameLength || !ModelPoolRules.IsServiceName(name))
            yield return NameMessage;
        if (StoreEngines.Elects(spec.Engine.Type) && spec.EffectiveShards < MinElectingShards)
            yield return MinShardsMessage;
        if (spec.Durability.EffectiveMinReplicasToWrite > spec.EffectiveReplicasPerShard)
            yield return DurabilityMessage;
        if (spec.Failover.EffectiveAfter < ShortestAfter)
            yield return AfterMessage;
        if (spec.Auth is not null && spec.Engine.Type == StoreEngines.Garnet)
            yield return AuthEngineMessage;
        if (spec.Users is not null && spec.Engine.Type == StoreEngines.Garnet)
            yield return UsersEngineMessage;
        if (spec.Users is not null && spec.Auth is null)
            yield return UsersAuthMessage;
        if (spec.Users?.Any(user => user.Name == StoreUsers.Own) == true)
            yield return UserNameMessage;
        if (spec.Tls is not null && spec.Engine.Type == StoreEngines.Garnet)
            yield return TlsEngineMessage;
        if ((spec.Backup is not null || spec.RestoreFrom is not null) && spec.Engine.Type == StoreEngines.Garnet)
            yield return BackupEngineMessage;
        if (spec.Durability.EffectiveMinReplicasToWrite > 0 && spec.Engine.Type == StoreEngines.Garnet)
            yield return WaitEngineMessage;
        if (spec.Engine.MemoryMiB is not null && spec.Engine.Type != StoreEngines.Garnet)
            yield return MemoryEngineMessage;
        if (spec.Rebalancing.ReplicaMigration.IsOn && spec.Engine.Type == StoreEngines.Garnet)
            yield return MigrationEngineMessage;
        if (spec.Rebalancing.ReplicaMigration.IsOn && spec.MigrationBarrier >= spec.EffectiveReplicasPerShard)
            yield return MigrationSpareMessage;
        if (spec.Rebalancing.ReplicaMigration.EffectiveAfter < ShortestMigrationAfter)
            yield return MigrationAfterMessage;
    }
}
