using Microsoft.Data.Sqlite;

namespace Ops.Sandbox.Api.Store;

/// <summary>
/// The SQLite file behind the store. WAL with synchronous=NORMAL: a commit survives the death of the process at any
/// point; only a power failure of the machine may take back the newest commits, and then whole ones, never halves.
/// </summary>
internal sealed class StoreFile : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _put;
    private readonly SqliteCommand _remove;
    private readonly SqliteCommand _setMeta;

    public StoreFile(string path)
    {
        var directory = Path.GetDirectoryName(Path.GetFullPath(path));
        if (directory is not null) Directory.CreateDirectory(directory);
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        _connection.Open();
        Execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;");
        Execute("CREATE TABLE IF NOT EXISTS objects (api_group TEXT, plural TEXT, namespace TEXT, name TEXT, revision INTEGER NOT NULL, json BLOB NOT NULL, PRIMARY KEY (api_group, plural, namespace, name)) WITHOUT ROWID");
        Execute("CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID");
        _put = Prepare("INSERT OR REPLACE INTO objects VALUES ($g, $p, $ns, $n, $rev, $json)", "$g", "$p", "$ns", "$n", "$rev", "$json");
        _remove = Prepare("DELETE FROM objects WHERE api_group = $g AND plural = $p AND namespace = $ns AND name = $n", "$g", "$p", "$ns", "$n");
        _setMeta = Prepare("INSERT OR REPLACE INTO meta VALUES ($k, $v)", "$k", "$v");
    }

    public IEnumerable<StoredObject> ReadObjects()
    {
        using var command = _connection.CreateCommand();
        command.CommandText = "SELECT api_group, plural, revision, json FROM objects";
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            var resource = new ResourceId(reader.GetString(0), reader.GetString(1));
            yield return StoredObject.Load(resource, (byte[])reader.GetValue(3), reader.GetInt64(2));
        }
    }

    public long ReadRevision() => long.TryParse(ReadMeta("revision"), out var revision) ? revision : 0;

    public string? ReadMeta(string key)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = "SELECT value FROM meta WHERE key = $k";
        command.Parameters.AddWithValue("$k", key);
        return command.ExecuteScalar() as string;
    }

    public void WriteMeta(string key, string value) => Run(_setMeta, key, value);

    public void Commit(IReadOnlyList<StoreEvent> changes, long revision)
    {
        using var transaction = _connection.BeginTransaction();
        foreach (var command in new[] { _put, _remove, _setMeta }) command.Transaction = transaction;
        foreach (var change in changes)
        {
            var (resource, id) = (change.Object.Resource, change.Object.Id);
            if (change.Type == ChangeType.Deleted) Run(_remove, resource.Group, resource.Plural, id.Namespace, id.Name);
            else Run(_put, resource.Group, resource.Plural, id.Namespace, id.Name, change.Object.Revision, change.Object.Json);
        }

        Run(_setMeta, "revision", revision.ToString());
        transaction.Commit();
        foreach (var command in new[] { _put, _remove, _setMeta }) command.Transaction = null;
    }

    public void Dispose()
    {
        _put.Dispose();
        _remove.Dispose();
        _setMeta.Dispose();
        _connection.Dispose();
    }

    private static void Run(SqliteCommand command, params object[] values)
    {
        for (var i = 0; i < values.Length; i++) command.Parameters[i].Value = values[i];
        command.ExecuteNonQuery();
    }

    private void Execute(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private SqliteCommand Prepare(string sql, params string[] parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var parameter in parameters) command.Parameters.AddWithValue(parameter, DBNull.Value);
        return command;
    }
}
