using SecFlow.Portal;

await using var portal = PortalApp.Create(args);
return await portal.RunAsync();
