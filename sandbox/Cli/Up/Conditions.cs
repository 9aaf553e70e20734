using System.Text.Json.Nodes;

namespace Ops.Cli.Up;

/// <summary>Reads the standard conditions of any object.</summary>
internal static class Conditions
{
    /// <summary>Whether status.conditions has this type with status True.</summary>
    public static bool IsTrue(JsonObject? body, string type) =>
        All(body).Any(condition => (string?)condition["type"] == type && (string?)condition["status"] == "True");

    /// <summary>The conditions that say why an object is not well, one line each.</summary>
    public static IEnumerable<string> Complaints(JsonObject? body) => All(body)
        .Where(condition => !string.IsNullOrEmpty((string?)condition["message"]) && IsComplaint(condition))
        .Select(condition => $"{(string?)condition["type"]}={(string?)condition["status"]} {(string?)condition["reason"]}: {(string?)condition["message"]}");

    private static bool IsComplaint(JsonObject condition) =>
        (string?)condition["type"] is "Degraded" or "ReplicaFailure" ? (string?)condition["status"] == "True" : (string?)condition["status"] != "True";

    private static IEnumerable<JsonObject> All(JsonObject? body) =>
        (body?["status"]?["conditions"] as JsonArray ?? []).OfType<JsonObject>();
}
