// Entry point that the EF Core tool asks for; run tools/migrations instead.
return 0;
