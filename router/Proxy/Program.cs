using Ops.Router;

await RouterApp.Build(args).RunAsync();
