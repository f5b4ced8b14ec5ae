using SecFlow.PluginHost;
using SecFlow.PluginHost.Confinement;

// Read once by the Regex class, so it must be the first thing that happens: no single match may run longer.
AppContext.SetData("REGEX_DEFAULT_MATCH_TIMEOUT", TimeSpan.FromSeconds(2));

return args is ["probe", .. var attempts]
    ? EscapeAttempts.Run(SelfConfinement.Apply(), attempts, Console.Out)
    : Host.Run(Console.OpenStandardInput(), Console.OpenStandardOutput(), HostOptions.ForProcess());
