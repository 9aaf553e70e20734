using System.CommandLine;
using System.Globalization;
using Ops.Cli.Terminal;

namespace Ops.Cli.Up;

/// <summary><c>./ops up</c>: parses what the user wants; <see cref="UpRun"/> does it.</summary>
internal static class UpCommand
{
    public static Command Create(Screen screen, TimeProvider time)
    {
        var fresh = new Option<bool>("--fresh") { Description = "Forget the objects, pods and logs of earlier runs." };
        var port = new Option<int>("--api-port") { HelpName = "port", DefaultValueFactory = _ => 6443, Description = "Port of the API server on 127.0.0.1; 0 takes any free one." };
        var router = new Option<int?>("--router-port") { HelpName = "port", Description = "Port of the router on 127.0.0.1, from Kubernetes' range for node ports (30000 to 32767). Default: as in manifests/deploy, 30080." };
        var dashboard = new Option<int?>("--dashboard-port") { HelpName = "port", Description = "Port of the dashboard on 127.0.0.1, from Kubernetes' range for node ports. Default: the first free one from 30081 on." };
        var nodes = new Option<int>("--nodes") { HelpName = "n", DefaultValueFactory = _ => 2, Description = "Simulated GPU machines with four H100s each, beside one machine without GPUs." };
        var state = new Option<string?>("--state") { HelpName = "folder", Description = "Where objects, logs and the kubeconfig are kept. Default: .ops beside the sources." };
        var bare = new Option<bool>("--no-samples") { Description = "Start the control plane only, without the sample pools and their route." };
        var shop = new Option<bool>("--shop") { Description = "Also start the sample microservice shop, for ./ops chaos." };
        var patience = new Option<TimeSpan?>("--patience") { HelpName = "time", CustomParser = Durations.ParseOption, Description = "Explain what is not ready after this long. Default: 90s." };
        var llm = new Option<string?>("--llm") { HelpName = "url", Description = "OpenAI-style endpoint up to /v1 of a model that calls tools, for the dashboard's page Ask. Default: none, and no such page." };
        var llmModel = new Option<string?>("--llm-model") { HelpName = "name", Description = "The model's name at --llm." };
        var llmKey = new Option<string?>("--llm-key-file") { HelpName = "file", Description = "File that holds the key for --llm. Default: no key." };
        Bound(port, 0, 65535);
        Bound(router, 30000, 32767);
        Bound(dashboard, 30000, 32767);
        Bound(nodes, 1, 64);

        var command = new Command("up", "Start the sandbox, the control plane, the dashboard and the sample fleet; Ctrl-C ends them all.")
        {
            fresh, port, router, dashboard, nodes, state, bare, shop, patience, llm, llmModel, llmKey,
        };
        command.Validators.Add(result =>
        {
            if ((result.GetValue(llm) is null) != (result.GetValue(llmModel) is null))
                result.AddError("--llm and --llm-model go together: the endpoint and the name of the model there.");
        });
        command.SetAction((parsed, cancellation) => new UpRun(screen, time).RunAsync(
            new UpOptions
            {
                Fresh = parsed.GetValue(fresh),
                ApiPort = parsed.GetValue(port),
                RouterPort = parsed.GetValue(router),
                DashboardPort = parsed.GetValue(dashboard),
                GpuNodes = parsed.GetValue(nodes),
                State = parsed.GetValue(state) ?? StateFolder.DefaultPath,
                Samples = !parsed.GetValue(bare),
                Shop = parsed.GetValue(shop),
                LlmEndpoint = parsed.GetValue(llm),
                LlmModel = parsed.GetValue(llmModel),
                LlmKeyFile = parsed.GetValue(llmKey),
                Patience = parsed.GetValue(patience) ?? TimeSpan.FromSeconds(90),
            },
            cancellation));
        return command;
    }

    private static void Bound(Option option, int least, int most) => option.Validators.Add(result =>
    {
        if (result.Tokens.Count == 0)
            return;
        var text = result.Tokens[^1].Value;
        if (!int.TryParse(text, CultureInfo.InvariantCulture, out var value) || value < least || value > most)
            result.AddError($"{option.Name} must be a whole number from {least} to {most}, not {text}.");
    });
}
