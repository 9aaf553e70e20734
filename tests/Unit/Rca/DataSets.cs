namespace Ops.Rca.Tests;

/// <summary>The public data sets, which are not part of the project: tests that read them skip where they are absent.</summary>
internal static class DataSets
{
    public static string PetShop => Folder("petshop");

    public static string Nezha => Folder("nezha-online-boutique-2022-08-22");

    private static string Folder(string name)
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "Ops.sln")))
            {
                var path = Path.GetFullPath(Path.Combine(folder, "..", "shared", "data", "rca", name));
                Assert.SkipUnless(Directory.Exists(path), $"the public data set {name} is not beside the checkout (../shared/data/rca/{name})");
                return path;
            }

        throw new InvalidOperationException("No Ops.sln above the tests.");
    }
}
