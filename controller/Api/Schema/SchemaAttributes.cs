namespace Ops.Api.Schema;

// What a custom resource definition needs and System.ComponentModel has no attribute for. The generator reads these,
// the standard ones (Range, RegularExpression, AllowedValues, MinLength, MaxLength, Required, DefaultValue) and the
// XML docs, which become descriptions.

/// <summary>A CEL rule (x-kubernetes-validations) on the schema of a type.</summary>
/// <param name="rule">The expression; self is the value of the type that carries the attribute.</param>
/// <param name="message">What is wrong and how to mend it, naming the field.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Property, AllowMultiple = true)]
public sealed class CelRuleAttribute(string rule, string message) : Attribute
{
    /// <summary>The expression.</summary>
    public string Rule { get; } = rule;

    /// <summary>What a refused user reads.</summary>
    public string Message { get; } = message;

    /// <summary>Path of the field to blame, relative to self, for example .staticPool. Default: self.</summary>
    public string? FieldPath { get; init; }
}

/// <summary>A list whose items are told apart by some of their fields; the server refuses duplicates.</summary>
/// <param name="keys">JSON names of the key fields.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ListMapKeysAttribute(params string[] keys) : Attribute
{
    /// <summary>JSON names of the key fields.</summary>
    public IReadOnlyList<string> Keys { get; } = keys;
}

/// <summary>Bounds of a list's items or a dictionary's values, which property attributes cannot reach.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ItemsAttribute : Attribute
{
    /// <summary>Longest string, or 0 for none.</summary>
    public int MaxLength { get; init; }

    /// <summary>Regular expression of a string, or null for none.</summary>
    public string? Pattern { get; init; }

    /// <summary>Smallest number.</summary>
    public double Minimum { get; init; } = double.NaN;

    /// <summary>Largest number.</summary>
    public double Maximum { get; init; } = double.NaN;
}

/// <summary>An absent object is filled with its fields' own defaults.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class DefaultsFromFieldsAttribute : Attribute;

/// <summary>An object that the API server stores as it is; the operator checks it.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class PreserveUnknownFieldsAttribute : Attribute;

/// <summary>A column of kubectl get.</summary>
/// <param name="name">The header.</param>
/// <param name="type">string, integer, number, boolean or date.</param>
/// <param name="jsonPath">Path from the object's root, for example .spec.model.</param>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public sealed class PrinterColumnAttribute(string name, string type, string jsonPath) : Attribute
{
    /// <summary>The header.</summary>
    public string Name { get; } = name;

    /// <summary>string, integer, number, boolean or date.</summary>
    public string Type { get; } = type;

    /// <summary>Path from the object's root.</summary>
    public string JsonPath { get; } = jsonPath;

    /// <summary>What the column shows.</summary>
    public string? Description { get; init; }

    /// <summary>0 shows always, 1 only with -o wide.</summary>
    public int Priority { get; init; }
}

/// <summary>Names by which kubectl finds the kind.</summary>
/// <param name="shortNames">For example mp.</param>
[AttributeUsage(AttributeTargets.Class)]
public sealed class KubectlNamesAttribute(params string[] shortNames) : Attribute
{
    /// <summary>For example mp.</summary>
    public IReadOnlyList<string> ShortNames { get; } = shortNames;

    /// <summary>Groups for kubectl get, for example ops.</summary>
    public string[] Categories { get; init; } = [];
}

/// <summary>The scale subresource: which fields kubectl scale and autoscalers use.</summary>
/// <param name="specReplicas">For example .spec.replicas.</param>
/// <param name="statusReplicas">For example .status.replicas.</param>
/// <param name="labelSelector">For example .status.selector.</param>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ScaleSubresourceAttribute(string specReplicas, string statusReplicas, string labelSelector) : Attribute
{
    /// <summary>Path of the wanted number.</summary>
    public string SpecReplicas { get; } = specReplicas;

    /// <summary>Path of the observed number.</summary>
    public string StatusReplicas { get; } = statusReplicas;

    /// <summary>Path of the pods' label selector, as text.</summary>
    public string LabelSelector { get; } = labelSelector;
}

/// <summary>A kind whose objects belong to no namespace.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ClusterScopedAttribute : Attribute;
