using System.Globalization;
using Ops.Storage.Slots;

namespace Ops.Bench.Store;

/// <summary>Keys of wanted slots.</summary>
internal static class SlotKeys
{
    private static readonly Lazy<string[]> Tags = new(FindTags);

    /// <summary>A key of the slot.</summary>
    internal static string Of(int slot, string name) => $"{{{Tags.Value[slot]}}}{name}";

    // Numbers fall on the slots as lots do: 16,384 x ln 16,384 is about 160,000 of them until each slot has one.
    private static string[] FindTags()
    {
        var tags = new string[SlotSet.Slots];
        for (var (number, missing) = (0, tags.Length); missing > 0; number++)
        {
            var text = number.ToString(CultureInfo.InvariantCulture);
            ref var tag = ref tags[HashSlot.Of(text)];
            if (tag is not null)
                continue;
            tag = text;
            missing--;
        }

        return tags;
    }
}
