namespace Ops.Router;

/// <summary>Finds out who asks: an API key of the configuration, or a token of the configured issuer.</summary>
internal sealed class Authenticator(TokenAuthority? tokens, TimeProvider time)
{
    private const string Bearer = "Bearer ";

    /// <summary>Who asks, or why that is not known. Message and time are the same for a wrong key and for one that is nearly right.</summary>
    internal ValueTask<(Caller? Caller, OpenAiError? Error)> AuthenticateAsync(HttpContext context, ApiKeys keys)
    {
        var header = context.Request.Headers.Authorization.ToString();
        if (CheckedKey.Find(context, header, keys, time.NowMs()) is { } known)
            return new((known, Refusal(known)));
        if (keys.Count == 0 && tokens is null)
            return Failed("no_api_keys", "The router knows no API keys, so it serves nobody. Create a Secret in its namespace with the label ops.autonomic.dev/api-keys=true; each data entry is a key.");
        if (!header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
            return Failed("missing_api_key", "No API key was given. Send it in the header Authorization: Bearer KEY.");
        var presented = header.AsSpan(Bearer.Length).Trim();
        if (tokens is not null && TokenAuthority.LooksLikeToken(presented))
            return TokenAsync(tokens, context, header, presented.ToString(), keys);
        if (keys.Find(presented) is not { } caller)
            return Failed("invalid_api_key", "The API key is not known. Check the header Authorization: Bearer KEY against the keys in the router's Secret.");
        CheckedKey.Remember(context, header, keys, caller, long.MaxValue);
        return new((caller, Refusal(caller)));
    }

    private static async ValueTask<(Caller? Caller, OpenAiError? Error)> TokenAsync(TokenAuthority tokens, HttpContext context, string header, string token, ApiKeys keys)
    {
        var (caller, untilMs, error) = await tokens.ValidateAsync(token, context.RequestAborted);
        if (caller is not null)
            CheckedKey.Remember(context, header, keys, caller, untilMs);
        return (caller, error);
    }

    // A key whose limits cannot be read is not a key without limits.
    private static OpenAiError? Refusal(Caller caller) => caller.Problem is null ? null : new OpenAiError(
        403, "key_misconfigured", $"The limits of API key '{caller.Id}' cannot be read, so it is not served. Ask who runs this endpoint to correct the entry {caller.Id}{KeyEntry.LimitsSuffix} of the router's Secret; the router's log says what is wrong there.");

    private static ValueTask<(Caller?, OpenAiError?)> Failed(string code, string message) => new((null, new OpenAiError(401, code, message)));
}
