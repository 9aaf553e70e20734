using System.Text;
using k8s.Models;
using Ops.Api;
using Ops.Operator.Stores;
using Ops.Planning.Stores;

namespace Ops.Operator.Tests;

/// <summary>A store's password: what is wrong with its Secret, and how the pods get it.</summary>
public sealed class StoreAuthTests
{
    [Fact]
    public void A_password_reaches_the_nodes_by_a_mounted_file_and_stands_nowhere_in_their_pods()
    {
        var store = new ShardedStore { Metadata = new() { Name = "s", NamespaceProperty = "default" }, Spec = new() { Engine = new() { Type = StoreEngines.Redis } } };
        var open = StoreObjects.Plan(store, [], []).Sets[0].Spec.Template.Spec;
        (open.Containers[0].Command, open.Volumes).ShouldBe((null, null));
        store.Spec = store.Spec with { Auth = new() { SecretRef = new() { Name = "s-auth" } } };

        var pod = StoreObjects.Plan(store, [], []).Sets[0].Spec.Template.Spec;

        pod.Volumes.Single(volume => volume.Secret is not null).Secret.SecretName.ShouldBe("s-auth");
        pod.Volumes.Single(volume => volume.EmptyDir is not null).EmptyDir.Medium.ShouldBe("Memory");
        pod.Containers[0].Env.ShouldAllBe(variable => variable.Name == "POD_IP");
        pod.Containers[0].Command[^1].ShouldBe("redis-server");
        pod.Containers[0].Args.ShouldBe(open.Containers[0].Args);
    }

    [Theory]
    [InlineData(null, null, "there is no Secret s-auth; create it with the entry password")]
    [InlineData("", null, "entry password of Secret s-auth must be 1 to 512")]
    [InlineData("a b", null, "entry password of Secret s-auth must be 1 to 512")]
    [InlineData("a\nuser evil on nopass", null, "entry password of Secret s-auth must be 1 to 512")]
    [InlineData("fine", "not fine", "entry previous of Secret s-auth must be 1 to 512")]
    public void A_wrong_secret_is_named_without_its_content_and_what_was_known_stays(string? password, string? previous, string problem)
    {
        var secrets = new StoreSecrets(null!, TimeProvider.System);
        secrets.Take("s-auth", Secret("first", null));
        secrets.Problem.ShouldBeNull();

        secrets.Take("s-auth", password is null ? null : Secret(password, previous));

        secrets.Problem!.Message.ShouldContain(problem);
        secrets.Problem.Message.ShouldNotContain("fine");
        secrets.Known!.Current.ShouldBe("first");
    }

    [Fact]
    public void Earlier_passwords_are_tried_and_not_kept_unless_the_secret_says_so()
    {
        var secrets = new StoreSecrets(null!, TimeProvider.System);
        foreach (var password in (string[])["one", "two", "three\n"])
            secrets.Take("s-auth", Secret(password, null));
        (secrets.Known!.Current, string.Join(' ', secrets.Known.Kept), string.Join(' ', secrets.Known.Earlier)).ShouldBe(("three", "", "two one"));

        secrets.Take("s-auth", Secret("four", "three"));
        (secrets.Known!.Current, string.Join(' ', secrets.Known.Kept), string.Join(' ', secrets.Known.Earlier)).ShouldBe(("four", "three", "two one"));
    }

    private static V1Secret Secret(string password, string? previous)
    {
        var data = new Dictionary<string, byte[]> { ["password"] = Encoding.UTF8.GetBytes(password) };
        if (previous is not null)
            data["previous"] = Encoding.UTF8.GetBytes(previous);
        return new() { Data = data };
    }
}
