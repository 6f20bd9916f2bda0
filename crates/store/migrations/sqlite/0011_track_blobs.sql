-- Every file that a track has: what is deleted with it, and what is no orphan. A new kind of file belongs here.
CREATE VIEW track_blob (track_id, blob) AS
    SELECT id, source_blob FROM track
    UNION ALL SELECT id, reference_blob FROM track WHERE reference_blob IS NOT NULL
    UNION ALL SELECT job.track_id, output.blob FROM output JOIN job ON job.id = output.job_id;
