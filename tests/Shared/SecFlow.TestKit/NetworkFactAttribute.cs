using Xunit;

namespace SecFlow.TestKit;

/// <summary>A test that gives a sandbox a network: skipped, with the reason, only for a user who may not open the tunnel device. Root makes one of its own, and <c>./test</c> as root gives its user one.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NetworkFactAttribute : FactAttribute
{
    public NetworkFactAttribute() => Skip = Reason;

    public static string? Reason { get; } = Environment.IsPrivilegedProcess || CanOpen() ? null : "this user may not open /dev/net/tun, without which pasta connects nothing; run: chmod 0666 /dev/net/tun";

    private static bool CanOpen()
    {
        try
        {
            File.Open("/dev/net/tun", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite).Dispose();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}

/// <summary>The same with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NetworkTheoryAttribute : TheoryAttribute
{
    public NetworkTheoryAttribute() => Skip = NetworkFactAttribute.Reason;
}
