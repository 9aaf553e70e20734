using System.Runtime.InteropServices;

namespace Ops.Profiles;

/// <summary>One replica under a steady stream of requests that come independently of each other.</summary>
/// <param name="Batch">Mean sequences decoding while at least one is.</param>
/// <param name="SecondsPerToken">Time between two tokens of one answer, prefills of others included.</param>
/// <param name="PrefillShare">Share of time that prefill takes.</param>
/// <param name="Watts">Mean power of all GPUs of the replica.</param>
/// <param name="IsStable">False where the replica cannot keep up; the other figures then mean nothing.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct SteadyState(double Batch, double SecondsPerToken, double PrefillShare, double Watts, bool IsStable)
{
    // Beyond it a queue grows faster than any objective allows.
    private const double MostPrefillShare = 0.9;
    private const int MaxSequences = 256;
    private const double LongPrompt = 5;

    /// <summary>The steady state.</summary>
    /// <param name="profile">The replica.</param>
    /// <param name="setting">Clock and power limit.</param>
    /// <param name="requestsPerSecond">Requests a second.</param>
    /// <param name="promptTokens">Mean prompt tokens a request.</param>
    /// <param name="outputTokens">Mean output tokens a request.</param>
    /// <remarks>
    /// By Little's law n = requests x output tokens x time a token sequences are under way, where a token takes a decode step,
    /// longer by the share of prefill beside it. Their number is taken as Poisson, so at least one is there for a share
    /// 1 - exp(-n) of the time, and the batch then is n / (1 - exp(-n)).
    /// </remarks>
    public static SteadyState Of(ServingProfile profile, PowerSetting setting, double requestsPerSecond, double promptTokens, double outputTokens)
    {
        var prompt = profile.Prefill((int)Math.Ceiling(promptTokens), setting);
        var prefillShare = requestsPerSecond * prompt.Seconds;
        if (prefillShare > MostPrefillShare)
            return default;
        double batch = 1, token = 0, underWay = 0;
        // The step time is nearly straight in the batch with a slope far below 1 where the replica keeps up, so this settles
        // within some ten rounds; one that does not settle runs out of sequences.
        for (var round = 0; round < 60; round++)
        {
            token = profile.DecodeStep((int)Math.Round(batch), setting).Seconds / (1 - prefillShare);
            underWay = requestsPerSecond * outputTokens * token;
            var next = underWay < 1e-9 ? 1 : underWay / -double.ExpM1(-underWay);
            if (next > MaxSequences || underWay * (promptTokens + outputTokens) > profile.KvCapacityTokens)
                return default;
            if (Math.Abs(next - batch) < 0.01)
                break;
            batch = next;
        }

        var decodeShare = (1 - prefillShare) * -double.ExpM1(-underWay);
        var decode = profile.DecodeStep((int)Math.Round(batch), setting).Watts;
        var idle = profile.IdleWatts;
        var watts = idle + (prefillShare * (prompt.Watts - idle)) + (decodeShare * (decode - idle));
        return new(batch, token, prefillShare, watts, true);
    }

    /// <summary>
    /// The most requests a second that a replica serves with tokens in time and with first tokens in time also for long
    /// prompts, five times the mean (fewer than one in a hundred in the public conversation trace): its own prefill, those before it
    /// (M/G/1 with prompts that vary as much as their mean) and two steps.
    /// </summary>
    /// <param name="profile">The replica.</param>
    /// <param name="setting">Clock and power limit.</param>
    /// <param name="promptTokens">Mean prompt tokens a request.</param>
    /// <param name="outputTokens">Mean output tokens a request.</param>
    /// <param name="secondsToFirstToken">Objective of the first token.</param>
    /// <param name="secondsPerToken">Objective of later tokens.</param>
    public static double Capacity(
        ServingProfile profile, PowerSetting setting, double promptTokens, double outputTokens, double secondsToFirstToken, double secondsPerToken)
    {
        double low = 0, high = MostPrefillShare / Math.Max(1e-6, profile.Prefill((int)Math.Ceiling(promptTokens), setting).Seconds);
        for (var round = 0; round < 40; round++)
        {
            var middle = (low + high) / 2;
            if (Keeps(middle))
                low = middle;
            else
                high = middle;
        }

        return low;

        bool Keeps(double requestsPerSecond)
        {
            var state = Of(profile, setting, requestsPerSecond, promptTokens, outputTokens);
            if (!state.IsStable || state.SecondsPerToken > secondsPerToken)
                return false;
            var prefill = profile.Prefill((int)Math.Ceiling(promptTokens), setting).Seconds;
            var wait = prefill * (LongPrompt + (state.PrefillShare / (1 - state.PrefillShare)));
            return wait + (2 * state.SecondsPerToken) <= secondsToFirstToken;
        }
    }
}
