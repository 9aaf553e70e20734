using System.Globalization;
using System.Text.RegularExpressions;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;
using Ops.Llm;

namespace Ops.Healing.Planning.Llm;

/// <summary>
/// A person's request, read without a model: the names, numbers and values that stand in it. Only these can become a target or
/// a parameter, so neither a model nor text from the cluster can widen what was asked for.
/// </summary>
public sealed partial class RequestWords
{
    /// <summary>Most objects that a request is taken to name; it has room for more words than a plan has actions.</summary>
    public const int MaxObjects = 24;

    // Before and after a word, and no part of it.
    private static readonly char[] Punctuation = ['.', ',', ';', ':', '!', '?', '"', '\'', '(', ')', '[', ']', '`'];

    private readonly List<string> words;
    private readonly HashSet<string> names;

    /// <summary>Reads a request.</summary>
    /// <param name="text">spec.request.</param>
    public RequestWords(string text)
    {
        Text = Spaces().Replace(text, " ").Trim();
        words = [.. Word().Matches(Text).Select(match => match.Value.TrimEnd('.', '-', '_').ToLowerInvariant())];
        names = [.. words];
        Numbers = [.. Text.Split(' ').Select(one => int.TryParse(one.Trim(Punctuation), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1).Where(number => number >= 0)];
    }

    /// <summary>The request on one line.</summary>
    public string Text { get; }

    /// <summary>Whole numbers that stand by themselves.</summary>
    public IReadOnlyList<int> Numbers { get; }

    /// <summary>Whether something in it hides or reorders text, so that people and models would read different things.</summary>
    public bool Hides => TaintedText.Clean(Text, RemediationSpec.MaxRequest) != Text;

    /// <summary>Objects of the namespace, and such as are remembered of it, whose names stand in the request, as "Kind/name".</summary>
    /// <param name="snapshot">The namespace.</param>
    /// <param name="memory">Its last good states.</param>
    public IReadOnlyList<string> Named(NamespaceSnapshot snapshot, Baseline memory) =>
        [.. snapshot.All.Select(one => $"{NamespaceSnapshot.KindOf(one)}/{one.Metadata.Name}").Concat(memory.States.Keys)
            .Where(key => names.Contains(key[(key.IndexOf('/', StringComparison.Ordinal) + 1)..])).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Take(MaxObjects)];

    /// <summary>Words that could name a new object.</summary>
    /// <param name="snapshot">The namespace.</param>
    /// <param name="kind">The object's kind.</param>
    public IReadOnlyList<string> NewNames(NamespaceSnapshot snapshot, string kind) =>
        [.. names.Where(name => Label().IsMatch(name) && snapshot.Find(kind, name) is null).Order(StringComparer.Ordinal).Select(name => $"{kind}/{name}").Take(MaxObjects * 2)];

    /// <summary>Another namespace that the request wants to act in, or null.</summary>
    /// <param name="own">The namespace of the request.</param>
    /// <param name="all">Every namespace.</param>
    public string? OtherNamespace(string own, IReadOnlyCollection<string> all)
    {
        for (var i = 0; i < words.Count; i++)
        {
            // "in namespace prod", "in the prod namespace", "-n prod".
            string?[] beside = words[i] switch
            {
                "namespace" or "ns" => [words.ElementAtOrDefault(i + 1), i > 0 ? words[i - 1] : null],
                "n" => [words.ElementAtOrDefault(i + 1)],
                _ => [],
            };
            if (beside.FirstOrDefault(word => word is not null && word != own && all.Contains(word)) is { } other)
                return other;
        }

        return null;
    }

    /// <summary>Whether a value stands in the request as it is, not as a part of a longer word.</summary>
    /// <param name="value">A value; nothing is always said.</param>
    public bool Says(string value)
    {
        for (var at = Text.IndexOf(value, StringComparison.Ordinal); at >= 0 && value.Length > 0; at = Text.IndexOf(value, at + 1, StringComparison.Ordinal))
        {
            if (IsEdge(at - 1) && IsEdge(at + value.Length))
                return true;
        }

        return value.Length == 0;
    }

    // Between "shop:2" and a space, a quote or the sentence's end, not within "shop:21", "my-shop:2" or "shop:2/evil".
    private bool IsEdge(int at) => at < 0 || at >= Text.Length || char.IsWhiteSpace(Text[at]) || Text[at] == '='
        || (Array.IndexOf(Punctuation, Text[at]) >= 0 && (at == 0 || at + 1 >= Text.Length || char.IsWhiteSpace(Text[at + 1]) || char.IsWhiteSpace(Text[at - 1]) || Array.IndexOf(Punctuation, Text[at + 1]) >= 0));

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Spaces();

    // Letters of every script: a name in look-alike letters is a word of its own and no object's name.
    [GeneratedRegex(@"[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]*", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Word();

    [GeneratedRegex(@"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Label();
}
