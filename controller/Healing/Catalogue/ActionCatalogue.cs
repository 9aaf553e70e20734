using Ops.Healing.Catalogue.Actions;

namespace Ops.Healing.Catalogue;

/// <summary>Everything that healing can do. There is no other way to a write: no shell, no exec, no free-form patch.</summary>
public static class ActionCatalogue
{
    /// <summary>Every type.</summary>
    public static IReadOnlyList<HealingAction> All { get; } =
    [
        new RestoreTemplate(),
        new ScaleWorkload(),
        new RestartPod(),
        new RestoreService(),
        new RestoreConfigMap(),
        new RecreateObject(),
    ];

    /// <summary>A type by its name, or null.</summary>
    /// <param name="type">For example ScaleWorkload.</param>
    public static HealingAction? Find(string type) => All.FirstOrDefault(action => action.Type == type);
}
