namespace Ops.Sandbox.ShopPlan;

/// <summary>The whole shop as data: who offers what, and what it takes.</summary>
public static class Shop
{
    /// <summary>The service where users come in.</summary>
    public const string Entry = "frontend";

    /// <summary>The load generator: plays users, and is scraped like the others.</summary>
    public const string Load = "load";

    /// <summary>Every service, callers before callees.</summary>
    public static IReadOnlyList<ServicePlan> Services { get; } =
    [
        new(Entry, "pages for users", Workers: 24, Connections: 3,
            new("home", new Compute(150), new Together(new("users", "session"), new("catalog", "list"), new("ads", "pick")), new Call("recommendation", "top"), new Call("currency", "convert")),
            new("product", new Compute(150), new Call("users", "session"), new Call("catalog", "get"), new Together(new("recommendation", "similar"), new("currency", "convert"))),
            new("cart", new Compute(100), new Call("users", "session"), new Call("cart", "add"), new Call("catalog", "get")),
            new("checkout", new Compute(150), new Call("users", "session"), new Call("checkout", "place"))),
        new("checkout", "places orders", Workers: 8, Connections: 2,
            new Operation("place", new Call("cart", "get"), new Call("inventory", "reserve"), new Together(new("shipping", "quote"), new("currency", "convert")),
                new Compute(200), new Call("payment", "charge"), new Call("database", "insert"), new Call("email", "send"), new Call("cart", "clear"))),
        new("recommendation", "products that fit", Workers: 8, Connections: 2,
            new("top", new Cached(40, new Call("catalog", "list"), new Compute(900)), new Compute(100)),
            new("similar", new Cached(200, new Call("catalog", "get"), new Call("users", "profile"), new Compute(600)), new Compute(100))),
        new("catalog", "products and prices", Workers: 8, Connections: 2,
            new("list", new Cached(40, new Call("database", "select"), new Compute(300)), new Compute(100)),
            new("get", new Cached(400, new Call("database", "select")), new Compute(80))),
        new("cart", "carts of users", Workers: 8, Connections: 2,
            new("get", new Call("cache", "get"), new Compute(60)),
            new("add", new Locked(new Call("cache", "get"), new Compute(60), new Call("cache", "set"))),
            new("clear", new Call("cache", "set"))),
        new("payment", "charges cards", Workers: 6, Connections: 2,
            new Operation("charge", new Call("users", "profile"), new Compute(400), new Await(15), new Call("database", "insert"))),
        new("shipping", "quotes and labels", Workers: 6, Connections: 2,
            new Operation("quote", new Compute(300), new Call("inventory", "stock"), new Await(5))),
        new("inventory", "stock", Workers: 6, Connections: 2,
            new("reserve", new Locked(new Call("database", "select"), new Compute(100), new Call("database", "insert"))),
            new("stock", new Cached(100, new Call("database", "select")), new Compute(50))),
        new("users", "accounts and sessions", Workers: 8, Connections: 2,
            new("session", new Call("cache", "get"), new Compute(60)),
            new("profile", new Cached(300, new Call("database", "select")), new Compute(60))),
        new("ads", "advertisements", Workers: 6, Connections: 2,
            new Operation("pick", new Cached(60, new Compute(1200)), new Compute(120))),
        new("currency", "exchange rates", Workers: 6, Connections: 2,
            new Operation("convert", new Cached(30, new Compute(500), new Await(4)), new Compute(40))),
        new("email", "order confirmations", Workers: 4, Connections: 2,
            new Operation("send", new Compute(300), new Write(4096))),
        new("batch", "reports that another team runs on the same database", Workers: 6, Connections: 6,
            new Operation("report", new Call("database", "scan"))) { Job = new("report", EveryMilliseconds: 200) },
        new("cache", "sessions and carts in memory", Workers: 8, Connections: 2,
            new("get", new Compute(40)),
            new("set", new Locked(new Compute(60)))),
        new("database", "rows, with a log that is flushed at each commit", Workers: 4, Connections: 2,
            new("select", new Compute(2000), new Await(3)),
            new("insert", new Compute(200), new Locked(new Write(2048))),
            new("scan", new Compute(4000), new Await(2))),
    ];

    /// <summary>A service by its name; null where there is none.</summary>
    public static ServicePlan? Find(string name) => Services.FirstOrDefault(service => service.Name == name);

    /// <summary>Who calls whom, the load generator included.</summary>
    public static IReadOnlyList<(string Caller, string Callee)> Calls { get; } =
        [(Load, Entry), .. Services.SelectMany(service => service.Callees.Select(callee => (service.Name, callee)))];

    /// <summary>What users do, with its share of all they do.</summary>
    public static IReadOnlyList<(string Operation, double Share)> Habits { get; } = [("home", 0.35), ("product", 0.35), ("cart", 0.18), ("checkout", 0.12)];
}
