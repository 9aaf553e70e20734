using System.Globalization;
using System.Text;
using Ops.Api;

namespace Ops.Dashboard.Health;

/// <summary>The slots of one colour, drawn at once.</summary>
/// <param name="Css">Its class.</param>
/// <param name="Text">What it is, in words.</param>
/// <param name="Slots">How many.</param>
/// <param name="Path">Their area, as path data on a grid of <see cref="SlotMap.Columns"/> columns, one unit a slot.</param>
internal sealed record SlotArea(string Css, string Text, int Slots, string Path);

/// <summary>A store's status -> its 16,384 slots as few areas: one a shard, one for those on their way, one for those nobody serves. Pure.</summary>
internal static class SlotMap
{
    /// <summary>Slots side by side.</summary>
    public const int Columns = 256;

    /// <summary>Lines of slots.</summary>
    public const int Rows = ShardRow.AllSlots / Columns;

    // Steps of the load by slot, in means: well below, below, about, above, far above.
    private static readonly double[] LoadSteps = [0.5, 0.8, 1.25, 2];

    /// <summary>The areas; those drawn last lie on top.</summary>
    /// <param name="status">The store's.</param>
    /// <param name="byLoad">Coloured by commands a second of a slot instead of by owner.</param>
    public static IReadOnlyList<SlotArea> Of(ShardedStoreStatus status, bool byLoad)
    {
        var owner = new int[ShardRow.AllSlots];
        var shards = status.Shards ?? [];
        var mean = shards.Sum(shard => shard.OperationsPerSecond ?? 0) / ShardRow.AllSlots;
        for (var i = 0; i < shards.Count; i++)
            foreach (var (from, to) in Ranges(shards[i].SlotRanges))
                Array.Fill(owner, i + 1, from, to - from + 1);
        var areas = new List<SlotArea>();
        for (var i = 0; i < shards.Count; i++)
        {
            var (path, count) = Area(owner, i + 1);
            if (count > 0)
                areas.Add(new(Css(shards[i], i, byLoad ? mean : null), Text(shards[i], count), count, path));
        }

        // Stores of an older operator tell counts and no places; then nothing can be said of the rest either.
        var (lost, missing) = Area(owner, 0);
        if (missing is > 0 and < ShardRow.AllSlots)
            areas.Add(new("lost", string.Create(CultureInfo.InvariantCulture, $"{missing:#,0} slots that nobody serves"), missing, lost));
        foreach (var move in status.Migrations ?? [])
        {
            var (path, count) = Area(Marked(move.Slots), 1);
            if (count > 0)
                areas.Add(new("moving", $"{count} slots on their way from {move.From} to {move.To}", count, path));
        }

        return areas;
    }

    /// <summary>Runs of slots as CLUSTER NODES writes them, "0-5460 10923"; what is no slot is left out.</summary>
    internal static IEnumerable<(int From, int To)> Ranges(string? text)
    {
        foreach (var part in (text ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = part.Split('-');
            if (ends.Length <= 2 && Slot(ends[0]) is { } from && Slot(ends[^1]) is { } to && from <= to)
                yield return (from, to);
        }
    }

    private static int? Slot(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var slot) && slot < ShardRow.AllSlots ? slot : null;

    private static int[] Marked(string ranges)
    {
        var marked = new int[ShardRow.AllSlots];
        foreach (var (from, to) in Ranges(ranges))
            Array.Fill(marked, 1, from, to - from + 1);
        return marked;
    }

    // Runs in a line become one rectangle: whole lines are merged, so that a tidy store is a handful of them.
    private static (string Path, int Count) Area(int[] owner, int wanted)
    {
        var (text, count, slot) = (new StringBuilder(), 0, 0);
        while (slot < owner.Length)
        {
            if (owner[slot] != wanted)
            {
                slot++;
                continue;
            }

            var begin = slot;
            // A run that begins a line may take whole lines; another one ends with its own.
            var limit = begin % Columns == 0 ? owner.Length : ((begin / Columns) + 1) * Columns;
            while (slot < limit && owner[slot] == wanted)
                slot++;
            var lines = (slot - begin) / Columns;
            if (lines > 0)
                slot = begin + (lines * Columns);
            count += slot - begin;
            var (x, y, width, height) = (begin % Columns, begin / Columns, lines > 0 ? Columns : slot - begin, Math.Max(1, lines));
            text.Append(CultureInfo.InvariantCulture, $"M{x} {y}h{width}v{height}h-{width}z");
        }

        return (text.ToString(), count);
    }

    private static string Css(StoreShardStatus shard, int index, double? mean)
    {
        if (shard.Primary is null)
            return "lost";
        if (mean is not { } expected)
            return $"s{index % 8}";
        var load = shard.Slots > 0 && expected > 0 ? (shard.OperationsPerSecond ?? 0) / shard.Slots / expected : 0;
        return $"l{LoadSteps.Count(step => load >= step)}";
    }

    private static string Text(StoreShardStatus shard, int slots) => string.Create(
        CultureInfo.InvariantCulture, $"{shard.Name}: {slots:#,0} slots on {shard.Primary ?? $"nobody, last on {shard.LastPrimary ?? "nobody known"}"}, {Format.Number(shard.OperationsPerSecond)} commands/s");
}
