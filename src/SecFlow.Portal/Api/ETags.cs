using System.Globalization;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Portal.Api;

/// <summary>Revisions of rows as ETags, and what a change must bring along.</summary>
internal static class ETags
{
    /// <summary>Names the revision of what is answered.</summary>
    public static void Set(HttpContext context, int revision) => context.Response.Headers.ETag = $"\"{revision.ToString(CultureInfo.InvariantCulture)}\"";

    /// <summary>The revision of <c>If-Match</c>. Throws SF1407 without one, <paramref name="changed"/> for one that this API did not give.</summary>
    /// <param name="context">The request.</param>
    /// <param name="what">What is changed, in words: <c>target</c>.</param>
    /// <param name="changed">Code for another revision.</param>
    public static int Required(HttpContext context, string what, string changed)
    {
        var header = context.Request.Headers.IfMatch;
        if (header.Count == 0)
        {
            throw new SecFlowException(Codes.RevisionMissing, $"A change needs the header If-Match with the ETag of the {what} that was read, such as If-Match: \"3\".");
        }

        return header.Count == 1 && header[0] is ['"', .. var text, '"'] && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var revision)
            ? revision
            : throw new SecFlowException(changed, $"If-Match is not the ETag of this {what}. Load it again and decide anew.");
    }
}
