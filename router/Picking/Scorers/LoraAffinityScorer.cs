namespace Ops.Picking;

/// <summary>
/// loraAffinity: for a variant that is a LoRA adapter, whether the replica has it loaded. Loading one takes from tenths
/// of a second to seconds and may push another out. Values as in the Gateway API inference extension.
/// </summary>
internal static class LoraAffinityScorer
{
    internal static float Score(LoraPresence presence) => presence switch
    {
        LoraPresence.Active => 1,
        LoraPresence.Room => 0.8f,
        LoraPresence.Waiting => 0.6f,
        _ => 0,
    };
}

/// <summary>How a replica stands to the adapter that a variant asks for.</summary>
public enum LoraPresence
{
    /// <summary>The variant asks for none, or the replica does not say.</summary>
    Unknown,

    /// <summary>Requests of the adapter are running.</summary>
    Active,

    /// <summary>Not loaded, and there is room for one more.</summary>
    Room,

    /// <summary>Requests of the adapter wait for it to be loaded.</summary>
    Waiting,

    /// <summary>Not loaded, and another one would have to go.</summary>
    Full,
}
