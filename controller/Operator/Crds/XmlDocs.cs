using System.Reflection;
using System.Text;
using System.Xml.Linq;

namespace Ops.Operator.Crds;

/// <summary>Summaries from a compiler's XML documentation file, as plain text.</summary>
internal sealed class XmlDocs
{
    private readonly Dictionary<string, string> summaries;

    private XmlDocs(Dictionary<string, string> summaries) => this.summaries = summaries;

    /// <summary>Reads the file that the compiler wrote beside an assembly.</summary>
    /// <exception cref="FileNotFoundException">There is none: the CRDs would lose their descriptions.</exception>
    public static XmlDocs For(Assembly assembly)
    {
        var path = Path.Combine(AppContext.BaseDirectory, assembly.GetName().Name + ".xml");
        if (!File.Exists(path))
            throw new FileNotFoundException($"{path} is missing; build with GenerateDocumentationFile", path);
        return new(XDocument.Load(path).Descendants("member")
            .Where(member => member.Element("summary") is not null)
            .ToDictionary(member => (string)member.Attribute("name")!, member => Text(member.Element("summary")!)));
    }

    /// <summary>The summary of a type, or null.</summary>
    public string? Of(Type type) => summaries.GetValueOrDefault("T:" + Name(type));

    /// <summary>The summary of a property, or null.</summary>
    public string? Of(PropertyInfo property) =>
        summaries.GetValueOrDefault($"P:{Name(property.DeclaringType!)}.{property.Name}");

    // The compiler writes nested types with a dot and open generics by their arity, as reflection's FullName nearly does.
    private static string Name(Type type) =>
        (type.IsGenericType ? type.GetGenericTypeDefinition() : type).FullName!.Replace('+', '.');

    // <summary>Time to <see cref="P:Ops.Api.X.Y"/>.</summary> becomes one line, references by their last name.
    private static string Text(XElement summary)
    {
        var text = new StringBuilder();
        foreach (var node in summary.DescendantNodes())
        {
            if (node is XText plain)
                text.Append(plain.Value);
            else if (node is XElement { IsEmpty: true } reference && reference.Attribute("cref") is { } target)
                text.Append(target.Value.Split('.', ':')[^1]);
        }

        return string.Join(' ', text.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }
}
