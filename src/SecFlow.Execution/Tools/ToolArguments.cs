using System.Security.Cryptography;
using System.Text;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Tools;

/// <summary>
/// The guard of a tool's arguments (there is no shell, so that nothing else in them has a meaning to SecFlow).
/// 1. At most <see cref="MostArguments"/>, each at most <see cref="MostBytes"/>, together at most <see cref="MostBytesTogether"/> bytes of UTF-8.
/// 2. None holds NUL, a line feed or a carriage return.
/// 3. None is, as a whole, a value of a target or of an input record that begins with <c>-</c>: the tool would take data for an option.
/// </summary>
internal static class ToolArguments
{
    public const int MostArguments = 1000;
    public const int MostBytes = 32 * 1024;
    public const int MostBytesTogether = 128 * 1024;

    /// <summary>Throws SF5005.</summary>
    /// <param name="arguments">As the plugin gave them.</param>
    /// <param name="isData">Whether a text that begins with <c>-</c> came from a target or an input.</param>
    public static void Check(string tool, IReadOnlyList<string> arguments, Func<string, bool> isData)
    {
        if (arguments.Count > MostArguments)
        {
            throw Refused(tool, $"gets {arguments.Count} arguments; at most {MostArguments} are allowed", "Give it a list as a file in inputs.");
        }

        var together = 0;
        for (var i = 0; i < arguments.Count; i++)
        {
            var bytes = Encoding.UTF8.GetByteCount(arguments[i]);
            together += bytes;
            if (bytes > MostBytes || together > MostBytesTogether)
            {
                throw Refused(tool, $"gets an argument {i + 1} of {bytes} bytes, all together {together}; at most {MostBytes} and {MostBytesTogether} are allowed", "Give it a file in inputs.");
            }

            if (arguments[i].AsSpan().IndexOfAny('\0', '\n', '\r') >= 0)
            {
                throw Refused(tool, $"gets an argument {i + 1} that holds a line break or a NUL character", "Give it such text as a file in inputs, or on stdin.");
            }

            if (arguments[i].StartsWith('-') && isData(arguments[i]))
            {
                throw Refused(tool, $"gets the value '{Shown(arguments[i])}' of a target or an input as argument {i + 1}: it begins with '-', so the tool would take it for an option", "Leave the value out, attach it to its option ('--url=VALUE'), or give it as a file in inputs.");
            }
        }
    }

    /// <summary><c>sha256:hex</c> of the arguments, each ended by NUL: says that two invocations were the same without saying what they were.</summary>
    public static string Digest(IReadOnlyList<string> arguments) =>
        "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(arguments.Select(argument => argument + '\0')))));

    private static SecFlowException Refused(string tool, string what, string remedy) =>
        new(new Diagnostic(Codes.ToolArgument, $"The tool '{tool}' {what}. {remedy}") { Rule = "tool.arguments", Remedy = remedy });

    private static string Shown(string text) => new([.. text.Take(60).Select(c => char.IsControl(c) ? '?' : c)]);
}
