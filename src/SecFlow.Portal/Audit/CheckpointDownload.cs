using System.Text;
using SecFlow.Data.Audit;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Teams;
using SecFlow.Portal.Teams;

namespace SecFlow.Portal.Audit;

/// <summary>The newest signed checkpoint of the audit log as a file to keep elsewhere. Role Admin; each download is an event.</summary>
public static class CheckpointDownload
{
    public const string Path = "/audit/checkpoint";

    public static void MapCheckpointDownload(this WebApplication app) => app.MapGet(Path, AnswerAsync).RequireAuthorization().ExcludeFromDescription();

    private static async Task<IResult> AnswerAsync(HttpContext context, CurrentActor actors, Access access, AuditLog audit)
    {
        try
        {
            var actor = await actors.OfUserAsync(context.User, context.RequestAborted);
            await access.RequireAsync(actor, Permission.ReadAudit, null, "audit", context.RequestAborted);
            if (await audit.FindNewestCheckpointAsync(context.RequestAborted) is not { } checkpoint)
            {
                return Results.Text("There is no checkpoint yet. Press 'Checkpoint now' on the page Audit first.\n", statusCode: StatusCodes.Status404NotFound);
            }

            var name = $"secflow-checkpoint-{checkpoint.Size}.txt";
            await audit.AppendAsync(new AuditEntry(actor, "export.checkpoint", "audit", checkpoint.Size.ToString(System.Globalization.CultureInfo.InvariantCulture), name), context.RequestAborted);
            return Results.File(Encoding.UTF8.GetBytes(checkpoint.Note), "text/plain; charset=utf-8", name);
        }
        catch (SecFlowException refused)
        {
            return Results.Text($"{refused.Message}\n", statusCode: Web.Problems.Of(refused).Status);
        }
    }
}
