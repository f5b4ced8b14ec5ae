using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace SecFlow.Execution.Targets;

/// <summary>Secrets and the keys of the installation that encrypt them.</summary>
public static class SecretServices
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>The keys are in <c>keys/</c> of the data folder, which is made when the first one is needed; nobody else may read it. Cookies and sign-in links of the portal use the same keys.</summary>
    public static IServiceCollection AddSecFlowSecrets(this IServiceCollection services, string dataFolder)
    {
        services.AddDataProtection().SetApplicationName("SecFlow");
        services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(provider => new ConfigureOptions<KeyManagementOptions>(
            keys => keys.XmlRepository = new FileSystemXmlRepository(Keys(dataFolder), provider.GetRequiredService<ILoggerFactory>())));
        return services.AddSingleton<SecretProtection>().AddSingleton<SecretService>().AddSingleton<SecretReader>();
    }

    private static DirectoryInfo Keys(string dataFolder)
    {
        var path = Path.Combine(Path.GetFullPath(dataFolder), "keys");
        var keys = OperatingSystem.IsWindows() ? Directory.CreateDirectory(path) : Directory.CreateDirectory(path, OwnerOnly);
        if (!OperatingSystem.IsWindows())
        {
            keys.UnixFileMode = OwnerOnly;
        }

        return keys;
    }
}
